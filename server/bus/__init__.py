"""How what happens in a room reaches everyone who keeps that room."""

from collections.abc import Callable
from typing import Protocol

from esapr.server.sessions.outbox import Broadcast

Deliver = Callable[[Broadcast], None]


class Bus(Protocol):
    """Carries ``state``, ``member.*`` and ``mute`` messages by room. Order is kept per sender."""

    def publish(self, room: str, item: Broadcast) -> None:
        """Hand ``item`` to every subscription of ``room``; never blocks and never raises."""

    def subscribe(self, room: str, deliver: Deliver) -> None:
        """Call ``deliver`` with what is published to ``room`` from now on; once a room."""

    def unsubscribe(self, room: str) -> None:
        """Stop delivering."""
