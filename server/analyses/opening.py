"""A file and what is wanted of it, as the work that finds it out."""

from dataclasses import dataclass

from esapr.inference.fusion import FusionConfig
from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.analyses.document import Document, Paper
from esapr.server.analyses.formats import FileFormat
from esapr.server.analyses.recording import Footage, Recording, Source, Still
from esapr.server.analyses.replay import Replay
from esapr.server.analyses.subject import Subject, Work
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.transcription import Transcriber

PICTURES_PER_SECOND = 15.0
"""Pictures of a recording that are analysed: eyes are shut for a tenth of a second and longer in a
blink (Caffier et al. 2003), so that one of them shows it. A live session has fewer."""


@dataclass(frozen=True, slots=True)
class Means:
    """What files are analysed with; ``transcriber`` runs, where speech can be written down."""

    pipeline: Pipeline
    metrics: Metrics
    fusion: FusionConfig
    transcriber: Transcriber | None = None


def open_file(source: Source, form: FileFormat, *, longest: float) -> Footage | Paper:
    """Open a file; blocks. A recording may be ``longest`` seconds long.

    Raises:
        ProtocolError: ``media_invalid``, ``recording_too_long`` or ``message_too_big``.
        OSError: the file cannot be read.
    """
    if form.kind == "document":
        return Paper(_whole(source), form)
    if form.kind == "picture":
        return Still(_whole(source), PICTURES_PER_SECOND)
    return Recording(source, form, fps=PICTURES_PER_SECOND, longest=longest)


def work_on(opened: Footage | Paper, subject: Subject, means: Means) -> Work:
    """Return the analysis of a file that is open."""
    if isinstance(opened, Paper):
        return Document(opened, subject, means.pipeline, means.metrics, means.fusion)
    return Replay(
        opened,
        subject,
        means.pipeline,
        means.metrics,
        fusion=means.fusion,
        transcriber=means.transcriber if subject.transcribe else None,
    )


def _whole(source: Source) -> bytes:
    """Return what is in a file that has to be read as a whole."""
    if isinstance(source, bytes):
        return source
    if source.stat().st_size > limits.MAX_ANALYSIS_BYTES:
        raise ProtocolError(ErrorCode.MESSAGE_TOO_BIG, f"at most {limits.MAX_ANALYSIS_BYTES} bytes")
    return source.read_bytes()
