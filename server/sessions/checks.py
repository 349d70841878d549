"""Whether what comes in may come in. No asyncio, no clock: the time is an argument."""

from msgspec import UNSET

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import Text


def check_text(text: Text, now: float) -> None:
    """Check a line of text that arrives at ``now`` (seconds of session time).

    Raises:
        ProtocolError: ``text_empty``, ``text_too_long`` or ``config_invalid``.
    """
    if len(text.body) > limits.MAX_TEXT_CHARACTERS:
        raise ProtocolError(
            ErrorCode.TEXT_TOO_LONG, f"at most {limits.MAX_TEXT_CHARACTERS} characters", "body"
        )
    if not text.body.strip():
        raise ProtocolError(ErrorCode.TEXT_EMPTY, "the text is empty", "body")
    if text.at_ms is not UNSET and text.at_ms > now * 1000:
        raise ProtocolError(ErrorCode.CONFIG_INVALID, "the time lies ahead", "at_ms")
