"""What a session or an analysis may be opened with, by the names of the protocol's requests."""

from collections.abc import Iterable
from typing import Any, TypedDict, TypeVar

from msgspec import UNSET

from esapr.protocol.analyses import AnalysisRequest
from esapr.protocol.requests import Consent, Modality, SessionRequest, SubjectFlag

R = TypeVar("R", SessionRequest, AnalysisRequest)


class AnalysisOptions(TypedDict, total=False):
    """None, where it may be, is as good as nothing.

    ``purpose`` says what it is for; demo sessions are for ``demonstration``. ``jurisdiction`` is an
    ISO 3166 code, such as ``DE`` or ``US-IL``: without it the strictest rules hold. With
    ``transcribe`` what is said is written down and read as text, where the server does that.
    """

    purpose: str | None
    jurisdiction: str | None
    subject_flags: Iterable[SubjectFlag]
    participant: str
    modalities: Iterable[Modality]
    tick_ms: int
    transcribe: bool


class SessionOptions(AnalysisOptions, total=False):
    """Further ones of a session.

    Without ``room`` it has one of its own. States move halfway to what is shown within
    ``smoothing_ms``, and with ``explain`` each says what it rests on. Records are erased after
    ``retention_days``, or earlier where the server keeps them for less.
    """

    room: str | None
    retention_days: int | None
    smoothing_ms: int | None
    explain: bool


class OpeningOptions(SessionOptions, total=False):
    """Of a session for somebody else: with ``origin`` its token is for pages of that origin."""

    origin: str | None


def requested(kind: type[R], consent: Consent | None, options: AnalysisOptions) -> R:
    """Return the request of ``kind`` with these options.

    Raises:
        TypeError: it has no option of one of the names.
    """
    given: dict[str, Any] = {k: value for k, value in options.items() if value is not None}
    for name in given.keys() & {"subject_flags", "modalities"}:
        given[name] = list(given[name])
    return kind(consent=consent or UNSET, **given)
