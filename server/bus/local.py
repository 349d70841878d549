"""The bus of a gateway that is alone: a call."""

from esapr.server.bus import Deliver
from esapr.server.sessions.outbox import Broadcast


class LocalBus:
    """Implements :class:`esapr.server.bus.Bus` within one process."""

    def __init__(self) -> None:
        """Start without subscriptions."""
        self._subscribed: dict[str, Deliver] = {}

    def publish(self, room: str, item: Broadcast) -> None:
        """Deliver ``item`` at once."""
        if deliver := self._subscribed.get(room):
            deliver(item)

    def subscribe(self, room: str, deliver: Deliver) -> None:
        """Deliver to ``deliver`` from now on."""
        self._subscribed[room] = deliver

    def unsubscribe(self, room: str) -> None:
        """Stop delivering."""
        self._subscribed.pop(room, None)
