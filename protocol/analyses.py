"""Recorded files: bodies of the calls, and the messages of an analysis' events."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec import field as struct_field

from esapr.protocol import limits
from esapr.protocol.events import Event
from esapr.protocol.messages import AbstainReason, Error, Fused, State, Totals
from esapr.protocol.requests import (
    Consent,
    ErrorDetail,
    Jurisdiction,
    Modalities,
    Modality,
    Name,
    SubjectFlag,
    TickMs,
)
from esapr.protocol.traits import Traits

Stage = Literal["waiting", "running", "done", "failed"]
Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]

RECORDING_TYPES = (
    "audio/wav",
    "audio/flac",
    "audio/ogg",
    "audio/mpeg",
    "audio/mp4",
    "audio/webm",
    "video/mp4",
    "video/webm",
)
PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp")
DOCUMENT_TYPES = (
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/plain",
    "text/markdown",
)
"""Media types that are described; servers may know further names of the same formats."""

REQUEST_HEADER = "Esapr-Analysis"
"""Carries an :class:`AnalysisRequest` as JSON in ASCII, beside a body that is the file."""


class AnalysisRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file is analysed for; the fields are those of a session's request.

    ``participant`` is named by the states. With ``transcribe`` what is said in a recording is
    written down and read as text, where the server does that.
    """

    purpose: Name | UnsetType = UNSET
    jurisdiction: Jurisdiction | UnsetType = UNSET
    subject_flags: list[SubjectFlag] = struct_field(default_factory=list)
    consent: Consent | UnsetType = UNSET
    participant: Name = "participant"
    modalities: Modalities = struct_field(default_factory=lambda: ["face", "voice", "text"])
    tick_ms: TickMs = limits.DEFAULT_TICK_MS
    transcribe: bool = False


class AnalysisCredentials(Struct, frozen=True):
    """Answer to a file: the analysis, its token and where to read; URLs are on the same host."""

    analysis_id: str
    token: str
    url: str
    events_url: str
    kept_seconds: int


class AnalysisSummary(Struct, frozen=True):
    """What a file amounted to.

    ``labels`` counts the states, or pages, of each expression, ``abstained`` those without one by
    reason. ``coverage`` is the share of them with evidence of each modality. ``damaged`` counts
    packets that could not be decoded. Of documents, ``duration_ms`` is 0. ``traits`` are of a whole
    document.
    """

    duration_ms: int
    states: int
    pages: int
    labels: dict[str, int]
    abstained: dict[str, int]
    coverage: dict[Modality, float]
    blinks: int
    speech_ms: int
    damaged: int
    totals: Totals
    traits: Traits | UnsetType = UNSET


# --- events -------------------------------------------------------------------------------------


class Progress(Struct, frozen=True, tag="progress"):
    """How far an analysis is."""

    analysis: str
    stage: Stage
    fraction: Fraction


class Page(Struct, frozen=True, tag="page"):
    """What one page of a document shows, or why that cannot be said; ``number`` begins at 1."""

    analysis: str
    number: int
    pages: int
    lines: int
    fused: Fused | None
    abstain: AbstainReason | None


class AnalysisDone(Struct, frozen=True, tag="analysis.done"):
    """The last event of an analysis that succeeded."""

    analysis: str
    summary: AnalysisSummary


AnalysisMessage = Progress | State | Page | Event | AnalysisDone | Error


class AnalysisInfo(Struct, frozen=True, omit_defaults=True):
    """Answer to ``GET /v1/analyses/{analysis}``: how far it is and what it has found so far.

    ``events`` are ``support_resources``, of a document or of what was said.
    """

    analysis_id: str
    stage: Stage
    fraction: Fraction
    states: list[State]
    pages: list[Page]
    events: list[Event] = struct_field(default_factory=list)
    summary: AnalysisSummary | UnsetType = UNSET
    error: ErrorDetail | UnsetType = UNSET
