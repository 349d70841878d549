"""Which files can be analysed, by their media type and by their name."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from esapr.protocol.errors import ErrorCode, ProtocolError

Kind = Literal["recording", "picture", "document"]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One format. ``demuxer`` is FFmpeg's name of a recording's, the only one that may open it."""

    name: str
    kind: Kind
    suffixes: tuple[str, ...]
    media_types: tuple[str, ...]
    demuxer: str = ""


PDF = FileFormat("PDF", "document", (".pdf",), ("application/pdf",))
WORD = FileFormat(
    "DOCX",
    "document",
    (".docx",),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
)
TEXT = FileFormat("text", "document", (".txt",), ("text/plain",))
MARKDOWN = FileFormat("Markdown", "document", (".md",), ("text/markdown",))

FORMATS = (
    FileFormat("WAV", "recording", (".wav",), ("audio/wav", "audio/x-wav"), "wav"),
    FileFormat("FLAC", "recording", (".flac",), ("audio/flac", "audio/x-flac"), "flac"),
    FileFormat("Ogg", "recording", (".ogg", ".oga", ".opus"), ("audio/ogg",), "ogg"),
    FileFormat("MP3", "recording", (".mp3",), ("audio/mpeg", "audio/mp3"), "mp3"),
    FileFormat(
        "MP4",
        "recording",
        (".mp4", ".m4v", ".mov", ".m4a"),
        ("video/mp4", "audio/mp4", "audio/x-m4a", "video/quicktime"),
        "mov",
    ),
    FileFormat(
        "WebM", "recording", (".webm", ".mkv"), ("video/webm", "audio/webm"), "matroska,webm"
    ),
    FileFormat("JPEG", "picture", (".jpg", ".jpeg"), ("image/jpeg",)),
    FileFormat("PNG", "picture", (".png",), ("image/png",)),
    FileFormat("WebP", "picture", (".webp",), ("image/webp",)),
    PDF,
    WORD,
    TEXT,
    MARKDOWN,
)


def format_of_type(media_type: str) -> FileFormat:
    """Return the format of a media type without parameters.

    Raises:
        ProtocolError: ``media_unsupported``.
    """
    for each in FORMATS:
        if media_type.lower() in each.media_types:
            return each
    raise _unsupported(media_type or "nothing", (t for each in FORMATS for t in each.media_types))


def format_of_file(path: PurePath) -> FileFormat:
    """Return the format that a file has by its name.

    Raises:
        ProtocolError: ``media_unsupported``.
    """
    for each in FORMATS:
        if path.suffix.lower() in each.suffixes:
            return each
    raise _unsupported(path.name, (s for each in FORMATS for s in each.suffixes))


def _unsupported(what: str, known: Iterable[str]) -> ProtocolError:
    return ProtocolError(
        ErrorCode.MEDIA_UNSUPPORTED, f"{what} cannot be analysed, only {', '.join(known)}"
    )
