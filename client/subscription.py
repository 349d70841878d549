"""What a program reads: states, and every other message, of a feed."""

from collections.abc import AsyncIterator

from msgspec import UNSET

from esapr.client.connection import Greeting
from esapr.client.errors import ended
from esapr.client.feed import Feed, Loss
from esapr.protocol.messages import ClientMessage, ServerMessage, SessionClosed, State
from esapr.protocol.requests import Modality
from esapr.protocol.rooms import Mute, RoomClosed


class Subscription:
    """A feed that is read. One reader at a time: each message is handed over once."""

    def __init__(self, feed: Feed) -> None:
        """Read ``feed``, which has been greeted."""
        self._feed = feed

    @property
    def greeting(self) -> Greeting:
        """The server's newest greeting: ``session.created``, or ``room.entered`` of a room."""
        if self._feed.connection.greeting is None:
            raise ended()
        return self._feed.connection.greeting

    @property
    def closed(self) -> SessionClosed | RoomClosed | None:
        """The last message of the session or of the room, once it has come."""
        return self._feed.connection.closed

    @property
    def connections(self) -> int:
        """How many sockets the server has greeted: one until the first is lost."""
        return self._feed.connections

    @property
    def last_loss(self) -> Loss | None:
        """How the last socket that was greeted has gone; None as long as the first is there."""
        return self._feed.last_loss

    @property
    def unread(self) -> int:
        """Messages that were dropped because the program did not read them in time."""
        return self._feed.inbox.dropped

    @property
    def round_trip(self) -> float | None:
        """Seconds to the server and back, measured every ten seconds."""
        return self._feed.round_trip

    async def messages(self) -> AsyncIterator[ServerMessage]:
        """Yield every message until the session ends: states, gaps, events, warnings, errors.

        Raises:
            EsaprError: the feed ended before it was asked to, or cannot be reached any more.
        """
        while (message := await self._feed.next_message()) is not None:
            yield message

    async def mute(
        self, modality: Modality, *, muted: bool = True, session: str | None = None
    ) -> None:
        """Leave a modality out of the states, or take it in again.

        It is one's own, or in a room that of ``session``, if the role allows it.

        Raises:
            EsaprError: the feed has ended.
        """
        self._put(Mute(modality, muted, UNSET if session is None else session))

    def _put(self, message: ClientMessage) -> None:
        self._feed.check_open()
        self._feed.outbox.put(message)
        self._feed.wake()

    async def states(self) -> AsyncIterator[State]:
        """Yield every state once and in order; what was skipped is a ``gap`` of :meth:`messages`.

        Raises:
            EsaprError: as :meth:`messages`.
        """
        async for message in self.messages():
            if isinstance(message, State):
                yield message
