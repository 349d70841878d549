"""What flows through the pipeline: frozen records with their units.

Times are seconds on the session clock (zero when the session is created, monotonic). Arrays are
never modified after they are put into a record.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import Emotion, Scores

TextSource = Literal["chat", "caption", "transcript"]

SAMPLE_RATE = 16_000
"""Audio is analysed at 16 kHz mono."""


class Modality(StrEnum):
    """A channel of evidence."""

    FACE = "face"
    VOICE = "voice"
    TEXT = "text"


class Quality(StrEnum):
    """Why a score deserves less weight; also the code of the warning that is sent."""

    NO_FACE = "no_face"
    DARK = "dark"
    BLURRED = "blurred"
    TURNED = "turned"
    SMALL = "small"
    SEVERAL_FACES = "several_faces"
    SILENT = "silent"
    QUIET = "quiet"
    CLIPPED = "clipped"
    NOISY = "noisy"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


class Abstain(StrEnum):
    """Why a state carries no fused expression."""

    WARMING_UP = "warming_up"
    NO_EVIDENCE = "no_evidence"
    NO_FACE = "no_face"
    NO_SPEECH = "no_speech"
    NO_TEXT = "no_text"
    INSUFFICIENT_TEXT = "insufficient_text"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    LOW_CONFIDENCE = "low_confidence"
    LOW_QUALITY = "low_quality"
    MODALITIES_DISAGREE = "modalities_disagree"
    MUTED = "muted"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One picture: ``rgb`` is uint8 ``[height, width, 3]``; ``at`` is its capture time."""

    at: float
    rgb: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned box in fractions of the frame: 0 is left/top, 1 is right/bottom."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class AudioWindow:
    """Float32 mono samples in [-1, 1] at 16 kHz that end at ``at``."""

    at: float
    samples: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """Length of the window in seconds."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class TextLine:
    """One message or caption line, received at ``at``, and where it comes from."""

    at: float
    body: str
    source: TextSource = "chat"


@dataclass(frozen=True, slots=True)
class Activation:
    """Which parts of a face speak for ``emotion``: a class-activation map (arXiv:1512.04150).

    ``cells``, float32 ``[rows, columns]``, sum to the logit of ``emotion``, its bias left out.
    ``corners``, float32 ``[3, 2]``, are the upper left, upper right and lower left one of the
    upright map, in fractions of the frame.
    """

    emotion: Emotion
    cells: NDArray[np.float32]
    corners: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Where a head points, in degrees; zero is straight into the camera.

    Positive ``yaw`` turns the face to the picture's right, positive ``pitch`` up, positive
    ``roll`` clockwise as seen in the picture; roll is applied first, then pitch, then yaw.
    """

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where an eye looks, in degrees from the camera, with the signs of :class:`HeadPose`.

    ``away`` says that it is not the camera, nor near it: nothing about attention.
    """

    yaw: float
    pitch: float
    away: bool


@dataclass(frozen=True, slots=True)
class FaceDetails:
    """What a picture shows besides the expression.

    ``landmarks`` is float32 ``[468, 2]`` in fractions of the frame (FaceMesh topology).
    ``mouth_open`` is height over width of the inner lips, ``faces`` the number of faces in the
    picture when it was last searched; ``track`` changes when another one is followed. ``head`` and
    ``mouth_open`` are None where a session was taken over and no picture has come since, and
    ``activation`` also if the network has no such output. ``gaze`` is read once a second; None
    where no eye could be.
    """

    box: Box
    landmarks: NDArray[np.float32]
    blinks_total: int
    blinks_per_minute: float
    head: HeadPose | None = None
    mouth_open: float | None = None
    track: int = 0
    faces: int = 1
    activation: Activation | None = None
    gaze: Gaze | None = None


@dataclass(frozen=True, slots=True)
class Prosody:
    """How somebody spoke in a window of sound.

    ``speaking`` is the share of the window's last second that is speech, ``pauses`` the number of
    pauses that ended in it and ``pause_ms`` their length together, so that both add up over windows
    a second apart. The rest is of all speech in the window: the median pitch in Hz and its range
    (10th to 90th percentile) in semitones, both None with too little voiced speech, and syllables
    in a second of speech.
    """

    speaking: float
    pauses: int
    pause_ms: int
    pitch_hz: float | None
    pitch_range_st: float | None
    syllables_per_second: float


@dataclass(frozen=True, slots=True)
class VoiceDetails:
    """Speech found in the window, in milliseconds, and its loudness in dB full scale.

    ``prosody`` is None where a session was taken over and no window has come since.
    """

    speech_ms: int
    loudness_db: float
    prosody: Prosody | None = None


@dataclass(frozen=True, slots=True)
class TextDetails:
    """How many lines the score rests on, and where they come from.

    ``source`` is None where a session was taken over and no line has come since.
    """

    lines: int
    source: TextSource | None = None


Details = FaceDetails | VoiceDetails | TextDetails


@dataclass(frozen=True, slots=True)
class ModalityScore:
    """What one modality shows over ``[start, end]``.

    ``probs`` is calibrated. ``coverage`` in [0, 1] is the share of the interval that carried
    evidence (a face in view, speech in the window).
    """

    modality: Modality
    start: float
    end: float
    probs: Scores
    coverage: float
    details: Details
    quality: tuple[Quality, ...] = ()
    batch_size: int = 1
    queue_ms: float = 0.0
    infer_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class ModalityState:
    """A modality's part in a state: ``count`` scores, the newest of which is ``age`` seconds old.

    The logarithms of ``probs`` count ``exponent`` times; ``weight`` is the share of that: those of
    one state sum to one, or are all zero. ``left`` is the share of the newest score's interval that
    lies after the last sharp change of the face.
    """

    probs: Scores
    exponent: float
    weight: float
    coverage: float
    age: float
    count: int
    newest: ModalityScore
    left: float = 1.0


@dataclass(frozen=True, slots=True)
class Fused:
    """The fused expression: smoothed probabilities and where they lie in the circumplex."""

    probs: Scores
    confidence: float
    valence: float
    arousal: float


@dataclass(frozen=True, slots=True)
class EmotionState:
    """What a participant showed over ``[start, end)``: ``fused`` or a reason to abstain.

    ``pooled`` are the probabilities before smoothing, whether or not the state abstains; None
    without evidence.
    """

    start: float
    end: float
    fused: Fused | None
    abstain: Abstain | None
    modalities: dict[Modality, ModalityState] = field(default_factory=dict)
    pooled: Scores | None = None
