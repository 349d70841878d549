"""What may do good after a session, and why it is named; the call that answers it.

It follows what was shown, an expression: nobody's state of mind is known, and nothing here treats.
"""

from http import HTTPStatus
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from esapr.protocol.calls import Answer, Body, Route
from esapr.protocol.events import HelpLine
from esapr.protocol.session_routes import SESSION_ERRORS

Kind = Literal["music", "article", "video", "exercise"]
Step = Literal["match", "towards", "goal"]
NoneBecause = Literal["not_agreed", "purpose_excluded", "too_little_evidence"]


class Because(Struct, frozen=True):
    """The point of the way from what was shown to the goal, for which an entry was chosen.

    ``match`` is where the session was, ``towards`` is half of the way, ``goal`` its end.
    """

    step: Step
    valence: float
    arousal: float


class KnownEffect(Struct, frozen=True):
    """What is known of an entry's effect, and where that is written."""

    note: str
    source: str


class Recommendation(Struct, frozen=True, omit_defaults=True):
    """An entry of the catalogue; ``text`` is an exercise, step by step.

    ``language`` is an ISO 639 code, ``zxx`` for what has no words.
    """

    id: str
    title: str
    kind: Kind
    language: str
    licence: str
    minutes: int
    evidence: KnownEffect
    because: Because
    url: str | UnsetType = UNSET
    text: list[str] | UnsetType = UNSET


class Basis(Struct, frozen=True):
    """What was shown: means over ``seconds`` of states with an expression, each as it is long."""

    seconds: float
    valence: float
    arousal: float


class NoRecommendation(Struct, frozen=True):
    """Why nothing is named; ``needed_seconds`` is how long an expression has to be shown."""

    reason: NoneBecause
    needed_seconds: int


class Recommendations(Struct, frozen=True):
    """Answer to ``GET /v1/sessions/{session}/recommendations``.

    ``help_lines`` come first, if the session raised ``support_resources``. ``items`` follow the way
    of their ``because``; those of one step are in the order in which they fit. ``catalogue`` is its
    version.
    """

    session: str
    catalogue: str
    help_lines: list[HelpLine]
    basis: Basis | None
    abstain: NoRecommendation | None
    items: list[Recommendation]


GET_RECOMMENDATIONS = Route(
    method="GET",
    path="/v1/sessions/{session}/recommendations",
    name="getRecommendations",
    summary="What may do good after a session, open or ended; absent where no catalogue is used.",
    token=True,
    answers={HTTPStatus.OK: Answer("Entries, or why there are none.", Body(Recommendations))},
    errors=SESSION_ERRORS,
)
