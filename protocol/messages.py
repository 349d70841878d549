"""Messages of the feed. Every message has ``type``; unknown ones are ignored by clients.

Times end in ``_ms`` and are milliseconds on the session clock; boxes and landmarks are fractions
of the picture; probabilities follow ``session.created.labels``.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec import field as struct_field

from esapr.protocol.baselines import BaselineCaptured, BaselineLoad, BaselineStart
from esapr.protocol.events import Event
from esapr.protocol.explanations import Explanation
from esapr.protocol.faces import Gaze, Head
from esapr.protocol.overlays import Overlay
from esapr.protocol.requests import LastSeqs, Modalities, Modality, Seq, SmoothingMs, TickMs
from esapr.protocol.rooms import Mute, Pause, ResumeMedia, RoomMessage
from esapr.protocol.traits import Traits
from esapr.protocol.trends import Slope
from esapr.protocol.voice import VoiceState

Level = Literal["full", "reduced", "minimal"]
Detail = Literal["state", "overlay"]
TextSource = Literal["chat", "caption", "transcript"]

# --- client to server -------------------------------------------------------------------------


class Resume(Struct, frozen=True, forbid_unknown_fields=True):
    """The last state the client has seen; on a room's feed, that of each session."""

    last_seq: Seq | UnsetType = UNSET
    last_seqs: LastSeqs | UnsetType = UNSET


class Hello(Struct, frozen=True, forbid_unknown_fields=True, tag="hello"):
    """First message: the protocol version, and where to resume."""

    version: int
    resume: Resume | UnsetType = UNSET


class Configure(Struct, frozen=True, forbid_unknown_fields=True, tag="configure"):
    """Change the session. ``tick_ms`` and ``modalities`` are locked at the first media.

    ``smoothing_ms`` may change at any time, for the states to come. ``detail`` concerns this
    subscriber only: ``overlay`` adds :class:`Overlay` messages.
    """

    tick_ms: TickMs | UnsetType = UNSET
    modalities: Modalities | UnsetType = UNSET
    smoothing_ms: SmoothingMs | UnsetType = UNSET
    detail: Detail | UnsetType = UNSET


class Text(Struct, frozen=True, forbid_unknown_fields=True, tag="text"):
    """A line of text; ``at_ms`` defaults to the time it arrives."""

    body: str
    source: TextSource = "chat"
    at_ms: Seq | UnsetType = UNSET


class ConsentRevoke(Struct, frozen=True, forbid_unknown_fields=True, tag="consent.revoke"):
    """Stop all media at once and end the session."""


class Ping(Struct, frozen=True, forbid_unknown_fields=True, tag="ping"):
    """Measure the round trip; ``t`` comes back in :class:`Pong`."""

    t: float


class Close(Struct, frozen=True, forbid_unknown_fields=True, tag="close"):
    """End the session."""


_OfBaseline = BaselineStart | BaselineLoad
_OfMedia = Mute | Pause | ResumeMedia
ClientMessage = Hello | Configure | Text | _OfMedia | _OfBaseline | ConsentRevoke | Ping | Close

# --- server to client -------------------------------------------------------------------------


class SessionConfig(Struct, frozen=True):
    """The whole effective configuration.

    ``smoothing_ms`` is null where the server smooths in another way. ``baseline`` names the
    modalities whose scores are relative to the person's own neutral.
    """

    tick_ms: int
    modalities: list[Modality]
    detail: Detail
    smoothing_ms: int | None = None
    baseline: list[Modality] = struct_field(default_factory=list)


class Limits(Struct, frozen=True):
    """What the sender has to stay under."""

    max_message_bytes: int
    max_text_characters: int
    text_per_second: float
    text_burst: int
    max_image_bytes: int
    max_image_pixels: int
    images_per_second: float
    image_burst: int
    max_audio_bytes: int
    max_audio_ms: int
    max_capture_age_ms: int


class SessionCreated(Struct, frozen=True, tag="session.created"):
    """Answer to ``hello``. ``labels`` is the order of every ``probs``.

    ``t_ms`` is the session clock at this moment: capture times are counted from it.
    """

    session: str
    participant: str
    version: int
    t_ms: int
    labels: list[str]
    config: SessionConfig
    limits: Limits
    models: dict[str, str]
    notice: str


class SessionUpdated(Struct, frozen=True, tag="session.updated"):
    """Answer to ``configure`` and ``baseline.load``."""

    config: SessionConfig


class Fused(Struct, frozen=True):
    """The fused expression; valence and arousal lie in [-1, 1]."""

    label: str
    probs: list[float]
    confidence: float
    valence: float
    arousal: float


class AbstainReason(Struct, frozen=True):
    """Why there is no fused expression."""

    reason: str


class FaceState(Struct, frozen=True, omit_defaults=True):
    """What the face shows; ``box`` is left, top, width, height.

    ``mouth_open`` is height over width of the inner lips; it and ``head`` are missing right after a
    session was taken over. ``faces`` are in view; ``track`` changes when another one is followed.
    ``gaze`` is read once a second, and missing where no eye can be.
    """

    probs: list[float]
    weight: float
    coverage: float
    age_ms: int
    box: list[float]
    blinks_total: int
    blink_rate: float
    quality: list[str]
    head: Head | UnsetType = UNSET
    mouth_open: float | UnsetType = UNSET
    track: int = 0
    faces: int = 1
    gaze: Gaze | UnsetType = UNSET


class TextState(Struct, frozen=True):
    """What the text shows; ``lines`` counts the lines the score rests on.

    ``source`` is where the newest of them came from, missing right after a session was taken over.
    """

    probs: list[float]
    weight: float
    coverage: float
    age_ms: int
    lines: int
    quality: list[str]
    source: TextSource | UnsetType = UNSET


class ModalityStates(Struct, frozen=True, omit_defaults=True):
    """Modalities with evidence; a missing one is absent."""

    face: FaceState | UnsetType = UNSET
    voice: VoiceState | UnsetType = UNSET
    text: TextState | UnsetType = UNSET


class Latency(Struct, frozen=True):
    """Where the time went, worst modality of this state."""

    capture_to_state_ms: float
    queue_ms: float
    batch_size: int
    infer_ms: float


class DropCounts(Struct, frozen=True):
    """Dropped since the session began, by kind."""

    frames: int
    windows: int
    lines: int


class State(Struct, frozen=True, tag="state"):
    """What a participant showed over ``[t_start_ms, t_end_ms)``; ``muted`` modalities left out.

    ``traits`` are of all that was written so far, where the receipt covers them.
    """

    session: str
    participant: str
    seq: int
    t_start_ms: int
    t_end_ms: int
    fused: Fused | None
    abstain: AbstainReason | None
    modalities: ModalityStates
    latency: Latency
    dropped: DropCounts
    level: Level
    muted: list[Modality]
    models: dict[str, str]
    explanation: Explanation | UnsetType = UNSET
    traits: Traits | UnsetType = UNSET
    trend: Slope | UnsetType = UNSET


class Warning(Struct, frozen=True, tag="warning"):
    """A condition that degrades the states began (``active``) or ended."""

    code: str
    active: bool
    message: str
    t_ms: int


class Gap(Struct, frozen=True, tag="gap"):
    """States of a session that were skipped for this subscriber, both ends included."""

    session: str
    from_seq: int
    to_seq: int


class Error(Struct, frozen=True, omit_defaults=True, tag="error"):
    """Something sent was refused; always right before a close frame, too."""

    code: str
    message: str
    retryable: bool
    request_id: str
    field: str | UnsetType = UNSET


class Pong(Struct, frozen=True, tag="pong"):
    """Answer to ``ping``: its ``t``, and the session clock."""

    t: float
    t_ms: int


class Totals(Struct, frozen=True):
    """What a session amounted to."""

    states: int
    fused: int
    frames: int
    windows: int
    lines: int
    dropped: DropCounts


class SessionClosed(Struct, frozen=True, tag="session.closed"):
    """The last message of a session."""

    reason: str
    totals: Totals


OfSession = SessionCreated | SessionUpdated | BaselineCaptured | SessionClosed
ServerMessage = OfSession | State | Overlay | Event | Warning | Gap | Error | Pong | RoomMessage
