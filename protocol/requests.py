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
Origin = Annotated[
    str,
    Meta(
        max_length=limits.MAX_NAME_CHARACTERS, pattern=r"^[a-z][a-z0-9+.-]*://[A-Za-z0-9_.:\[\]-]+$"
    ),
]
Seq = Annotated[int, Meta(ge=0)]
LastSeqs = Annotated[dict[str, Seq], Meta(max_length=limits.MAX_ROOM_MEMBERS)]
SmoothingMs = Annotated[int, Meta(ge=0, le=limits.MAX_SMOOTHING_MS)]
TickMs = Annotated[int, Meta(ge=limits.MIN_TICK_MS, le=limits.MAX_TICK_MS)]
Modality = Literal["face", "voice", "text"]
Outcome = Literal["allow", "text_only", "refuse"]
SubjectFlag = Literal["minor", "incapacitated"]
ConsentMethod = Literal["checkbox", "button", "signature", "spoken", "test"]
Cover = Literal["records", "text", "transcript", "recommendations", "cohort", "traits", "baseline"]
Jurisdiction = Annotated[str, Meta(pattern="^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
Language = Annotated[str, Meta(pattern="^[a-z]{2,3}$")]
Modalities = Annotated[list[Modality], Meta(min_length=1, max_length=3)]


class Consent(Struct, frozen=True, forbid_unknown_fields=True):
    """The receipt of an explicit act of consent.

    ``text_version`` and ``language`` name the notice that was shown, ``given_at`` is an RFC 3339
    time with its zone, ``method`` how ``subject`` agreed (``test``: nobody did, the media are
    recorded). What is kept beyond the session has to be in ``covers``: ``records`` of the states,
    and ``text`` as it was written or, under ``transcript``, written down from speech; so has what
    is made of them, ``recommendations``. With ``cohort`` means over ten people or more may have
    this one among them. Only with ``traits`` are the Big Five guessed from what is written, and
    only with ``baseline`` is the person's own neutral measured, for them to keep.
    """

    subject: Name
    text_version: Name
    given_at: Annotated[datetime, Meta(tz=True)]
    method: ConsentMethod
    language: Language = "en"
    covers: list[Cover] = struct_field(default_factory=list)


class SessionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /v1/sessions`` and ``POST /v1/demo/sessions``.

    Without ``room`` the session has one of its own. With ``origin`` its token serves pages of that
    origin only.

    ``jurisdiction`` is an ISO 3166 code of a country or of a part of one, or ``EU``;
    ``subject_flags`` says what keeps the person from consenting by themselves.

    States move halfway to what is shown within ``smoothing_ms``; 0 for no smoothing. With
    ``explain`` each says what it rests on. With ``transcribe`` what is said is written down and
    read as text, where the server does that; it needs the modalities ``voice`` and ``text``.

    Records are erased after ``retention_days``, or earlier where the server keeps them for less.
    """

    purpose: Name | UnsetType = UNSET
    jurisdiction: Jurisdiction | UnsetType = UNSET
    subject_flags: list[SubjectFlag] = struct_field(default_factory=list)
    consent: Consent | UnsetType = UNSET
    participant: Name = "participant"
    room: RoomName | UnsetType = UNSET
    modalities: Modalities = struct_field(default_factory=lambda: ["face", "voice", "text"])
    tick_ms: TickMs = limits.DEFAULT_TICK_MS
    origin: Origin | UnsetType = UNSET
    retention_days: Annotated[int, Meta(ge=1, le=limits.MAX_RETENTION_DAYS)] | UnsetType = UNSET
    smoothing_ms: SmoothingMs | UnsetType = UNSET
    explain: bool = False
    transcribe: bool = False


class IceServer(Struct, frozen=True, omit_defaults=True):
    """A STUN or TURN server, as ``RTCIceServer`` of WebRTC has it."""

    urls: list[str]
    username: str | UnsetType = UNSET
    credential: str | UnsetType = UNSET


class PolicyDecision(Struct, frozen=True):
    """What the rules of ``version`` allow, by which ``rule``, and which rules demand the notice."""

    outcome: Outcome
    rule: str
    version: str
    notice_rules: list[str]


class Notice(Struct, frozen=True):
    """What people are told before they are analysed; answer to ``GET /v1/notice``.

    ``version`` is for ``text_version`` of the receipt. ``sha256`` is that of ``text`` in UTF-8.
    ``covers`` is what a receipt may cover here.
    """

    version: str
    language: str
    languages: list[str]
    text: str
    sha256: str
    covers: list[Cover] = struct_field(default_factory=list)


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
    policy: PolicyDecision
    notice: str


class ErrorDetail(Struct, frozen=True, omit_defaults=True):
    """What went wrong; ``field`` and ``rule`` name the offending field and the rule, if any."""

    code: str
    message: str
    retryable: bool
    request_id: str
    field: str | UnsetType = UNSET
    rule: str | UnsetType = UNSET


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
