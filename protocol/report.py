"""The report of a session, as data. A score describes what was shown, not what a person feels.

Times end in ``_ms`` and are milliseconds on the session clock; those that end in ``_at`` are
RFC 3339. Means over states weigh each by its length.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from esapr.protocol.messages import (
    AbstainReason,
    DropCounts,
    Fused,
    Level,
    TextState,
    Totals,
)
from esapr.protocol.requests import ConsentMethod, Cover, Modality
from esapr.protocol.traits import Traits
from esapr.protocol.voice import VoiceState

Absent = Literal["expression", "comparison", "blinks", "voice", "words", "traits", "cohort"]
"""What a report may be without."""

Absence = Literal[
    "no_expression",
    "no_evidence",
    "no_earlier_sessions",
    "not_in_session",
    "not_covered",
    "insufficient_text",
    "off",
    "not_allowed",
    "too_few",
]
"""Why something is not there: nothing was shown, it was not asked for, not agreed to, not allowed,
or it would say too much of too few."""


class RecordedFace(Struct, frozen=True):
    """What the face showed; where it was is not recorded."""

    probs: list[float]
    weight: float
    coverage: float
    age_ms: int
    blinks_total: int
    blink_rate: float
    quality: list[str]


class RecordedModalities(Struct, frozen=True, omit_defaults=True):
    """Modalities with evidence; a missing one is absent."""

    face: RecordedFace | UnsetType = UNSET
    voice: VoiceState | UnsetType = UNSET
    text: TextState | UnsetType = UNSET


class RecordedState(Struct, frozen=True):
    """A state as it is kept."""

    seq: int
    t_start_ms: int
    t_end_ms: int
    fused: Fused | None
    abstain: AbstainReason | None
    modalities: RecordedModalities
    dropped: DropCounts
    level: Level
    muted: list[Modality]
    traits: Traits | UnsetType = UNSET


class Expression(Struct, frozen=True):
    """A mean over fused states; valence and arousal lie in [-1, 1]."""

    probs: list[float]
    confidence: float
    valence: float
    arousal: float


class Evidence(Struct, frozen=True):
    """What one modality brought.

    ``present`` is the share of the recorded time with evidence; ``coverage`` and ``weight`` are
    means over that time, and ``quality`` holds the share of it with each flag.
    """

    present: float
    coverage: float
    weight: float
    quality: dict[str, float]


class Point(Struct, frozen=True):
    """A stretch of the timeline: ``states`` states, of which those with an expression are averaged.

    ``label`` is the highest mean; with no expression it and ``expression`` are null. ``evidence``
    is of this stretch.
    """

    t_start_ms: int
    t_end_ms: int
    states: int
    label: str | None
    expression: Expression | None
    evidence: dict[Modality, Evidence]


class Segment(Struct, frozen=True):
    """An expression that stayed for two seconds or longer, with its mean confidence."""

    label: str
    t_start_ms: int
    t_end_ms: int
    confidence: float


class Transition(Struct, frozen=True):
    """How often one expression followed another without a pause."""

    before: str
    after: str
    count: int


class Blinks(Struct, frozen=True):
    """Blinks that were seen, and how many a minute with a face."""

    total: int
    per_minute: float


class VoiceSignals(Struct, frozen=True):
    """How long and in how many turns there was speech, and its mean loudness (full scale: 0).

    ``speaking_share`` is of the recorded time, ``pauses_per_minute`` of speech, ``pause_ms`` the
    mean pause. ``pitch_hz`` is the median over seconds, ``pitch_range_st`` from its 10th to its
    90th percentile in semitones. What was not measured is null, all of it in records of before it
    was.
    """

    speaking_ms: int
    turns: int
    loudness_db: float
    speaking_share: float
    pauses_per_minute: float | None = None
    pause_ms: int | None = None
    pitch_hz: float | None = None
    pitch_range_st: float | None = None
    syllables_per_second: float | None = None


class Span(Struct, frozen=True):
    """A time without states."""

    t_start_ms: int
    t_end_ms: int


class WarningSpan(Struct, frozen=True):
    """A condition that degraded the states; one that lasted to the end has no ``t_end_ms``."""

    code: str
    t_start_ms: int
    t_end_ms: int | None


class EarlierSession(Struct, frozen=True):
    """An earlier session of the same participant."""

    opened_at: str
    fused: int
    expression: Expression


class Comparison(Struct, frozen=True):
    """This session beside the participant's earlier ones, newest first.

    ``change`` is this session's expression less the mean of theirs, each session counting once.
    """

    earlier: list[EarlierSession]
    change: Expression


class Word(Struct, frozen=True):
    """A word of the lines that were kept, and how often it was written.

    ``share`` is of all words of the session, ``earlier`` the share that the word had in the same
    person's earlier sessions; null if nothing of their text was kept.
    """

    word: str
    count: int
    share: float
    earlier: float | None


class Cohort(Struct, frozen=True):
    """This session beside a group that agreed to it; every person in it counts once.

    ``people`` is ten or a multiple of it. ``change`` is this session's expression less theirs.
    """

    people: int
    expression: Expression
    change: Expression


class Receipt(Struct, frozen=True):
    """The consent under which the session was recorded; whose it is, is left out."""

    text_version: str
    language: str
    given_at: str
    method: ConsentMethod
    covers: list[Cover]


class Report(Struct, frozen=True):
    """Answer to ``GET /v1/sessions/{session}/report``.

    ``closed_at``, ``reason`` and ``totals`` are null while the session is open, and for one whose
    end was not seen. ``abstained`` counts states without an expression by their reason;
    ``shares`` are of the time with one. ``labels`` is the order of every ``probs``. ``absent`` says
    of what is null why it is. ``purpose`` is null for sessions of before it was kept.
    """

    session: str
    participant: str
    opened_at: str
    closed_at: str | None
    reason: str | None
    recorded_ms: int
    tick_ms: int
    purpose: str | None
    consent: Receipt
    modalities: list[Modality]
    models: dict[str, str]
    labels: list[str]
    totals: Totals | None
    states: int
    fused: int
    abstained: dict[str, int]
    expression: Expression | None
    shares: dict[str, float]
    segments: list[Segment]
    transitions: list[Transition]
    evidence: dict[Modality, Evidence]
    blinks: Blinks | None
    voice: VoiceSignals | None
    gaps: list[Span]
    warnings: list[WarningSpan]
    timeline: list[Point]
    comparison: Comparison | None
    words: list[Word] | None
    traits: Traits | None
    cohort: Cohort | None
    absent: dict[Absent, Absence]
