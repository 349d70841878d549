"""One reader of a session's states: an outbox that a socket's task can wait on."""

import asyncio
from typing import Protocol

from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError
from esapr.protocol.messages import Detail, State
from esapr.protocol.overlays import Overlay
from esapr.protocol.rooms import Aggregate, MemberEvent, Trend
from esapr.server.sessions.outbox import Broadcast, Outbox
from esapr.server.sessions.refusals import error_message

LIVE = State | Trend | Aggregate | MemberEvent


_REVOKED = ProtocolError(ErrorCode.TOKEN_INVALID, "the token was revoked")


class Line(Protocol):
    """A socket that can take a message at once, as long as it holds nothing back."""

    def is_clear(self) -> bool:
        """Return whether all that was written has left."""

    def write(self, item: Broadcast) -> None:
        """Write a message."""


class Subscriber:
    """The asyncio shell of an :class:`Outbox`."""

    def __init__(self, token: str = "") -> None:
        """Start with nothing to send; ``token`` is the id of what opened the feed."""
        self.token = token
        self.detail: Detail = "state"
        self.greeted = False
        """Whether ``hello`` was said: what is live waits for it, so that a replay comes first."""
        self.close_code: CloseCode | None = None
        """Set once nothing more will be put: close with this code when all is sent."""
        self.line: Line | None = None
        """The socket, once it is open."""
        self.closing = asyncio.Event()
        self._outbox = Outbox()
        self._filled = asyncio.Event()
        self._waiting = False

    def put(self, item: Broadcast) -> None:
        """Send a message or queue it, or drop it if it was not asked for or comes too late.

        To an audience of a thousand, waking a task for each costs three times what writing does.
        """
        if self.close_code is not None:
            return
        if isinstance(item.message, Overlay) and self.detail != "overlay":
            return
        if isinstance(item.message, LIVE) and not self.greeted:
            return
        self._outbox.put(item)
        if self._waiting and not self._filled.is_set() and self.line and self.line.is_clear():
            for waiting in self._outbox.take():
                self.line.write(waiting)
            return
        self._filled.set()
        if self._outbox.behind:
            late = ProtocolError(ErrorCode.BEHIND, "too many states were not read in time")
            self._outbox.put(Broadcast(error_message(late)))
            self.close(CloseCode.TRY_LATER)

    @property
    def skipped(self) -> int:
        """Messages that were not read in time."""
        return self._outbox.skipped

    def resume(self, session: str, last_seq: int) -> None:
        """Expect the state after ``last_seq`` as the next one of ``session``."""
        self._outbox.resume(session, last_seq)

    def put_replay(self, items: list[Broadcast]) -> None:
        """Queue what a returning subscriber has missed."""
        if items:
            self._outbox.put_replay(items)
            self._filled.set()

    def close(self, code: CloseCode) -> None:
        """Let the socket close with ``code`` after what is queued; the first code stays."""
        self.close_code = self.close_code or code
        self.closing.set()
        self._filled.set()

    def revoke(self) -> None:
        """Close the feed because its token opens nothing any more."""
        self.put(Broadcast(error_message(_REVOKED)))
        self.close(CloseCode.TOKEN)

    async def take(self) -> list[Broadcast]:
        """Wait for messages and take them; an empty list means that there will be no more."""
        self._waiting = True
        await self._filled.wait()
        self._waiting = False
        messages = self._outbox.take()
        if self.close_code is None:
            self._filled.clear()
        return messages
