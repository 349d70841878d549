"""Why sessions end."""

from dataclasses import dataclass

from esapr.protocol.errors import CloseCode, ErrorCode


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a session ends; ``error`` is sent right before the close frame."""

    reason: str
    close_code: CloseCode
    error: ErrorCode | None = None


DONE = Ending("closed", CloseCode.DONE)
REVOKED = Ending("consent_revoked", CloseCode.POLICY, ErrorCode.CONSENT_REQUIRED)
IDLE = Ending("idle", CloseCode.IDLE, ErrorCode.SESSION_CLOSED)
SHUTDOWN = Ending("shutdown", CloseCode.SHUTDOWN, ErrorCode.SHUTTING_DOWN)
MOVED = Ending("moved", CloseCode.RESTART, ErrorCode.MOVED)
FAILED = Ending("internal", CloseCode.INTERNAL, ErrorCode.INTERNAL)
