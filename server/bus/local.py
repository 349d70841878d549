"""The bus of a gateway that is alone: a call."""

from esapr.server.bus import Deliver, FindGrant
from esapr.server.bus.directory import Directory
from esapr.server.sessions.outbox import Broadcast
from esapr.server.trust.tokens import Grant


class LocalBus:
    """Implements :class:`esapr.server.bus.Bus` within one process."""

    directory: Directory | None = None

    def __init__(self) -> None:
        """Start without a listener."""
        self._deliver: Deliver | None = None

    def listen(self, deliver: Deliver, find_grant: FindGrant) -> None:
        """Deliver to ``deliver``; nobody else asks for grants."""
        self._deliver = deliver

    def publish(self, room: str, item: Broadcast) -> None:
        """Deliver ``item`` at once."""
        if self._deliver:
            self._deliver(room, item)

    async def ask_grant(self, digest: str) -> Grant | None:
        """Return None: there is no other gateway."""
        return None
