"""Whether a capture time can be true. No asyncio, no clock: the time is an argument."""

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError


def check_capture(captured_ms: float, now: float, field: str) -> None:
    """Check when something was captured that arrives at ``now`` (seconds of session time).

    Raises:
        ProtocolError: ``config_invalid``.
    """
    age = now * 1000 - captured_ms
    if age < -limits.MAX_CAPTURE_AHEAD_MS:
        raise ProtocolError(
            ErrorCode.CONFIG_INVALID, f"the time lies {-age:.0f} ms ahead of the session's", field
        )
    if age > limits.MAX_CAPTURE_AGE_MS:
        raise ProtocolError(
            ErrorCode.CONFIG_INVALID,
            f"the time lies {age:.0f} ms back, at most {limits.MAX_CAPTURE_AGE_MS} ms are taken",
            field,
        )
