"""Whether a line of text may come in. No asyncio, no clock: the time is an argument."""

from msgspec import UNSET

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import Text
from esapr.server.sessions.capture import check_capture


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
    if text.at_ms is not UNSET:
        check_capture(text.at_ms, now, "at_ms")
