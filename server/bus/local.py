"""The bus of a gateway that is alone: a call."""

from esapr.server.bus import Deliver, Redeem
from esapr.server.bus.directory import Directory
from esapr.server.sessions.outbox import Broadcast
from esapr.server.trust.tokens import Redemption


class LocalBus:
    """Implements :class:`esapr.server.bus.Bus` within one process."""

    directory: Directory | None = None

    def __init__(self) -> None:
        """Start without a listener."""
        self._deliver: Deliver | None = None

    def listen(self, deliver: Deliver, redeem: Redeem) -> None:
        """Deliver to ``deliver``; nobody else asks about tokens."""
        self._deliver = deliver

    def publish(self, room: str, item: Broadcast) -> None:
        """Deliver ``item`` at once."""
        if self._deliver:
            self._deliver(room, item)

    async def ask_redeemed(self, use: Redemption) -> bool:
        """Return False: there is no other gateway."""
        return False
