"""How what happens in a room reaches every gateway.

Each gateway keeps every room of the cluster: a watcher is served, and resumes, wherever it
comes in.
"""

from collections.abc import Callable
from typing import Protocol

from esapr.server.bus.directory import Directory
from esapr.server.sessions.outbox import Broadcast
from esapr.server.trust.tokens import Grant

Deliver = Callable[[str, Broadcast], None]
"""Takes in a room's id and a message."""

FindGrant = Callable[[str], Grant | None]
"""Returns the grant of a token's digest, if this gateway has it."""


class BusError(Exception):
    """The bus cannot be joined; the message says what it needs."""


class Bus(Protocol):
    """Carries ``state``, ``member.*`` and ``mute`` messages. Order is kept per gateway."""

    directory: Directory | None
    """Where sessions live; None if they are all here."""

    def listen(self, deliver: Deliver, find_grant: FindGrant) -> None:
        """Hand what is published anywhere to ``deliver``; answer others with ``find_grant``."""

    def publish(self, room: str, item: Broadcast) -> None:
        """Hand ``item`` to every gateway, to this one at once; never blocks and never raises."""

    async def ask_grant(self, digest: str) -> Grant | None:
        """Return the grant of a token that another gateway has made, by its digest."""
