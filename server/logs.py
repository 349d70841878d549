"""Set-up of structlog, and the privacy rule: no frame, sound, text, score or name in a log."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# What a log line may say. A field outside this list is a bug: it could carry personal data.
ALLOWED_FIELDS = frozenset(
    {
        "analysis",
        "code",
        "count",
        "dropped_frames",
        "dropped_lines",
        "dropped_windows",
        "error",
        "event",
        "exception",
        "feeds",
        "frames",
        "fused",
        "host",
        "kind",
        "level",
        "lines",
        "model",
        "modality",
        "peers",
        "port",
        "reason",
        "reduced",
        "request_id",
        "seconds",
        "session",
        "states",
        "status",
        "timestamp",
        "url",
        "windows",
        "exc_info",
    }
)


class PrivacyError(Exception):
    """A log call carries a field that is not on the list."""


def only_allowed_fields(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Raise :class:`PrivacyError` unless every field is allowed."""
    unknown = event.keys() - ALLOWED_FIELDS
    if unknown:
        raise PrivacyError(f"log fields not allowed: {sorted(unknown)}")
    return event


def configure(*, json: bool) -> None:
    """Send structlog's lines to standard error, as JSON objects or as text."""
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            only_allowed_fields,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    # They log addresses, SDP and with it ICE passwords, whatever level the root logger has.
    for library in ("aioice", "aiortc"):
        logging.getLogger(library).setLevel(logging.ERROR)
