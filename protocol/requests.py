"""Bodies of the HTTP calls."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec import field as struct_field

from esapr.protocol import limits

Name = Annotated[str, Meta(min_length=1, max_length=limits.MAX_NAME_CHARACTERS)]
# For Python "$" matches before a line's end, too, and JSON Schema has no "\Z".
_ROOM = r"^(?!.*\n)[A-Za-z0-9_-]+$"
RoomName = Annotated[str, Meta(min_length=1, max_length=limits.MAX_NAME_CHARACTERS, pattern=_ROOM)]
TickMs = Annotated[int, Meta(ge=limits.MIN_TICK_MS, le=limits.MAX_TICK_MS)]
Modality = Literal["face", "voice", "text"]
Modalities = Annotated[list[Modality], Meta(min_length=1, max_length=3)]


class Consent(Struct, frozen=True, forbid_unknown_fields=True):
    """The receipt of an explicit act of consent.

    ``given_at`` is an RFC 3339 time, ``text_version`` names the text that was shown.
    ``keep_text`` says whether the person agreed to have lines of text kept.
    """

    subject: Name
    text_version: Name
    given_at: Name
    method: Name
    keep_text: bool = False


class SessionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /v1/sessions`` and ``POST /v1/demo/sessions``.

    Without ``room`` the session has one of its own. With ``origin`` its token serves pages of that
    origin only.

    Records are erased after ``retention_days``, or earlier where the server keeps them for less.
    """

    consent: Consent | UnsetType = UNSET
    participant: Name = "participant"
    room: RoomName | UnsetType = UNSET
    modalities: Modalities = struct_field(default_factory=lambda: ["face", "voice", "text"])
    tick_ms: TickMs = limits.DEFAULT_TICK_MS
    origin: Name | UnsetType = UNSET
    retention_days: Annotated[int, Meta(ge=1, le=limits.MAX_RETENTION_DAYS)] | UnsetType = UNSET


class IceServer(Struct, frozen=True, omit_defaults=True):
    """A STUN or TURN server, as ``RTCIceServer`` of WebRTC has it."""

    urls: list[str]
    username: str | UnsetType = UNSET
    credential: str | UnsetType = UNSET


class SessionCredentials(Struct, frozen=True):
    """Answer to a session request: where to connect, and with which token.

    ``client_token`` must be used for the first time until ``expires_at``; ``token_id`` names it.
    URLs are paths on the same host. ``ice_servers`` is for the ``RTCPeerConnection``; ``notice``
    is the text to show to the person.
    """

    session_id: str
    client_token: str
    token_id: str
    expires_at: datetime
    feed_url: str
    whip_url: str
    ice_servers: list[IceServer]
    room: str
    room_feed_url: str
    notice: str


class ErrorDetail(Struct, frozen=True, omit_defaults=True):
    """What went wrong; ``field`` names the offending field, if there is one."""

    code: str
    message: str
    retryable: bool
    request_id: str
    field: str | UnsetType = UNSET


class ErrorBody(Struct, frozen=True):
    """Body of every HTTP answer with a status of 400 or more."""

    error: ErrorDetail


class ModelInfo(Struct, frozen=True):
    """One installed model; part of ``GET /v1/models``."""

    name: str
    version: str
    task: str
    sha256: str
    licence: str
    commercial_use: bool
