"""What can go wrong, drawn as a tree.

::

    EsaprError
    ├── RefusedError       the server refused a call, a socket or a message
    ├── UnreachableError   there is no answer, or none any more
    └── FeedClosedError    the server closed the feed before it was asked to
"""

import msgspec

from esapr.protocol.errors import ErrorCode
from esapr.protocol.requests import ErrorBody

_SERVER_FAULT = 500


class EsaprError(Exception):
    """Whatever this package raises about a server.

    ``code`` is a code of the protocol, or one of this package: ``unreachable``, ``http_<status>``,
    ``closed_<close code>``. ``retryable`` says whether the same may succeed later, ``field`` names
    the offending field as a path, ``rule`` the rule of the policy, and ``request_id`` is what to
    quote to those who run the server.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retryable: bool = False,
        field: str | None = None,
        rule: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """Keep what the server said."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable
        self.field = field
        self.rule = rule
        self.request_id = request_id


class RefusedError(EsaprError):
    """The server refused a call, a socket or a message."""

    @classmethod
    def from_answer(cls, status: int, body: bytes) -> "RefusedError":
        """Return what an HTTP answer of ``status`` 400 or more says; a proxy may have sent it."""
        try:
            error = msgspec.json.decode(body, type=ErrorBody).error
        except (msgspec.DecodeError, UnicodeDecodeError):
            return cls(f"http_{status}", "no answer of ESAPR", retryable=status >= _SERVER_FAULT)
        return cls(
            error.code,
            error.message,
            retryable=error.retryable,
            field=error.field or None,
            rule=error.rule or None,
            request_id=error.request_id,
        )


class UnreachableError(EsaprError):
    """There is no answer, or none any more."""

    def __init__(self, message: str) -> None:
        """Say what was tried."""
        super().__init__("unreachable", message, retryable=True)


class FeedClosedError(EsaprError):
    """The server closed the feed before it was asked to; ``code`` says why."""


def ended() -> FeedClosedError:
    """Return what is raised when something is sent into a session that has ended."""
    return FeedClosedError(ErrorCode.SESSION_CLOSED, "the session has ended")
