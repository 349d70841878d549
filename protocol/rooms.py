"""Rooms: who may see what of whom, and the messages of a room's feed.

A *role* says who watches, a *view* what is shown: ``own`` is one's own states in full, ``full``
everybody's, ``trends`` the direction in which each person's expression moves, without any score,
and ``aggregate`` the mean over all people, from three people upwards. Each role has one view.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec import field as struct_field

from esapr.protocol import limits
from esapr.protocol.requests import Modality, Name, Origin

Role = Literal["participant", "clinician", "observer", "supervisor"]
View = Literal["own", "full", "trends", "aggregate"]
Scope = Literal["feed", "media", "text", "control", "mute", "tokens", "report", "notes"]
Direction = Literal["rising", "steady", "falling"]

# --- HTTP bodies --------------------------------------------------------------------------------


class TokenRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /v1/sessions/{id}/tokens``.

    ``scopes`` defaults to all that the role may have. The token must be used for the first time
    within ``redeem_seconds``; with ``origin``, by pages of that origin only.
    """

    role: Role
    scopes: list[Scope] | UnsetType = UNSET
    redeem_seconds: Annotated[int, Meta(ge=1, le=limits.MAX_REDEEM_SECONDS)] = (
        limits.MAX_REDEEM_SECONDS
    )
    origin: Origin | UnsetType = UNSET


class TokenAnswer(Struct, frozen=True):
    """A further token, and the feed that it opens (a path on the same host).

    ``token_id`` names it, to revoke it.
    """

    token: str
    token_id: str
    role: Role
    view: View
    scopes: list[Scope]
    feed_url: str
    redeem_seconds: int


# --- client to server ---------------------------------------------------------------------------


class Mute(Struct, frozen=True, forbid_unknown_fields=True, tag="mute"):
    """Leave a modality out of the states of ``session``, or take it in again.

    Without ``session`` it is the sender's own.
    """

    modality: Modality
    muted: bool
    session: Name | UnsetType = UNSET


class Pause(Struct, frozen=True, forbid_unknown_fields=True, tag="pause"):
    """Analyse nothing of the session until :class:`ResumeMedia`; states abstain meanwhile."""


class ResumeMedia(Struct, frozen=True, forbid_unknown_fields=True, tag="resume_media"):
    """Go on after :class:`Pause`."""


# --- server to client ---------------------------------------------------------------------------


class Member(Struct, frozen=True):
    """A person in a room, by session."""

    session: str
    participant: str
    muted: list[Modality] = struct_field(default_factory=list)
    paused: bool = False


class RoomEntered(Struct, frozen=True, tag="room.entered"):
    """Answer to ``hello`` on a room's feed; ``members`` are those that the view shows."""

    room: str
    role: Role
    view: View
    version: int
    labels: list[str]
    members: list[Member]
    notice: str


class MemberJoined(Struct, frozen=True, tag="member.joined"):
    """A person has come into the room."""

    room: str
    member: Member


class MemberLeft(Struct, frozen=True, tag="member.left"):
    """A person has left the room: the ``reason`` of ``session.closed``, or ``lost``."""

    room: str
    session: str
    participant: str
    reason: str


class MemberMuted(Struct, frozen=True, tag="member.muted"):
    """A modality of a person is left out (``muted``) or taken in again."""

    room: str
    session: str
    participant: str
    modality: Modality
    muted: bool


class MemberPaused(Struct, frozen=True, tag="member.paused"):
    """A person has paused the session (``paused``) or goes on."""

    room: str
    session: str
    participant: str
    paused: bool


class Trend(Struct, frozen=True, tag="trend"):
    """Where a person's expression moves; null while that cannot be said."""

    session: str
    participant: str
    seq: int
    t_start_ms: int
    t_end_ms: int
    valence: Direction | None
    arousal: Direction | None


class Mean(Struct, frozen=True):
    """The mean over ``people`` fused expressions, in two digits."""

    people: int
    probs: list[float]
    valence: float
    arousal: float


class Withheld(Struct, frozen=True):
    """Why a mean is not shown: fewer than ``needed`` people show an expression."""

    reason: Literal["too_few_people"]
    needed: int


class Aggregate(Struct, frozen=True, tag="aggregate"):
    """What the people of a room show together, at most once a second."""

    room: str
    mean: Mean | None
    withheld: Withheld | None


class RoomClosed(Struct, frozen=True, tag="room.closed"):
    """The last message of a room: everybody has left."""

    room: str


MemberEvent = MemberJoined | MemberLeft | MemberMuted | MemberPaused

RoomMessage = RoomEntered | MemberEvent | Trend | Aggregate | RoomClosed
