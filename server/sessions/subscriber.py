"""One reader of a session's states: an outbox that a socket's task can wait on."""

import asyncio

from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError
from esapr.protocol.messages import Detail, Overlay, State
from esapr.server.sessions.outbox import Broadcast, Outbox
from esapr.server.sessions.refusals import error_message


class Subscriber:
    """The asyncio shell of an :class:`Outbox`."""

    def __init__(self) -> None:
        """Start with nothing to send."""
        self.detail: Detail = "state"
        self.greeted = False
        """Whether ``hello`` was said. States wait for it, so that a replay comes before them."""
        self.close_code: CloseCode | None = None
        """Set once nothing more will be put: close with this code when all is sent."""
        self.closing = asyncio.Event()
        self._outbox = Outbox()
        self._filled = asyncio.Event()

    def put(self, item: Broadcast) -> None:
        """Queue a message, or drop it if it was not asked for or comes after the last words."""
        if self.close_code is not None:
            return
        if isinstance(item.message, Overlay) and self.detail != "overlay":
            return
        if isinstance(item.message, State) and not self.greeted:
            return
        self._outbox.put(item)
        self._filled.set()
        if self._outbox.behind:
            late = ProtocolError(ErrorCode.BEHIND, "too many states were not read in time")
            self._outbox.put(Broadcast(error_message(late)))
            self.close(CloseCode.TRY_LATER)

    def put_replay(self, items: list[Broadcast]) -> None:
        """Queue what a returning subscriber has missed."""
        self._outbox.put_replay(items)
        self._filled.set()

    def close(self, code: CloseCode) -> None:
        """Let the socket close with ``code`` after what is queued; the first code stays."""
        self.close_code = self.close_code or code
        self.closing.set()
        self._filled.set()

    async def take(self) -> list[Broadcast]:
        """Wait for messages and take them; an empty list means that there will be no more."""
        await self._filled.wait()
        messages = self._outbox.take()
        if self.close_code is None:
            self._filled.clear()
        return messages
