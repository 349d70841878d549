"""How what happens in a room reaches every gateway.

Each gateway keeps every room of the cluster: a watcher is served, and resumes, wherever it
comes in.
"""

from collections.abc import Callable
from typing import Protocol

from esapr.server.bus.directory import Directory
from esapr.server.sessions.outbox import Broadcast
from esapr.server.trust.tokens import Redemption

Deliver = Callable[[str, Broadcast], None]
"""Takes in a room's id and a message."""

Redeem = Callable[[Redemption], bool | None]
"""Returns whether a token may be used; None if this gateway does not know it."""


class BusError(Exception):
    """The bus cannot be joined; the message says what it needs."""


class Bus(Protocol):
    """Carries ``state``, ``member.*``, ``mute``, ``tokens.revoked``, in order by gateway."""

    directory: Directory | None
    """Where sessions live; None if they are all here."""

    def listen(self, deliver: Deliver, redeem: Redeem) -> None:
        """Hand what is published anywhere to ``deliver``; answer others with ``redeem``."""

    def publish(self, room: str, item: Broadcast) -> None:
        """Hand ``item`` to every gateway, to this one at once; never blocks and never raises."""

    async def ask_redeemed(self, use: Redemption) -> bool:
        """Return whether the gateway that knows a token lets it be used; False if none does."""
