"""Why sessions end, and what a person is told before one begins."""

from dataclasses import dataclass

from esapr.protocol.errors import CloseCode, ErrorCode

NOTICE = (
    "Your face, voice and text are analysed live for the expression they show. A score describes "
    "what is shown, not what you feel. Nothing is recorded, and you can stop at any time."
)
"""Shown to the person before any media is taken (EU AI Act, Art. 50(3))."""


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
FAILED = Ending("internal", CloseCode.INTERNAL, ErrorCode.INTERNAL)
