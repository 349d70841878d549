"""Where each session lives, so that any gateway can serve a request for it."""

from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from esapr.server.sessions.snapshot import Snapshot
from esapr.server.trust.tokens import Issued

LEASE_SECONDS = 3.0
"""Time after which a gateway that has not renewed its lease has lost its sessions."""

KEPT_SECONDS = 60.0
"""Time for which a session without a gateway can still be taken over."""


class DirectoryError(Exception):
    """The directory does not answer; nothing is known about what was asked."""


class OwnershipLostError(Exception):
    """Another gateway has the session."""


class Entry(Struct, frozen=True):
    """A session in the directory, with what its tokens have been used for, by their ids.

    ``owner`` is the id of a gateway; empty once that has handed the session over.
    """

    owner: str
    snapshot: Snapshot
    tokens: dict[str, Issued]


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, and what :meth:`Directory.keep` needs to replace it."""

    entry: Entry
    revision: int


class Directory(Protocol):
    """Entries of sessions, leases of gateways. Each method may raise :class:`DirectoryError`."""

    async def open(self) -> None:
        """Make what is missing: at first, and after the directory has lost everything."""

    async def renew(self, gateway: str, url: str) -> None:
        """Say that a gateway lives, and at which address it serves the others."""

    async def address(self, gateway: str) -> str | None:
        """Return the address of a gateway that lives, or None."""

    async def find(self, session: str) -> Found | None:
        """Return a session's entry, or None."""

    async def keep(self, entry: Entry, revision: int | None, *, owner: str) -> int:
        """Replace the entry of ``revision``; return the new one.

        An entry that has changed since is replaced all the same if it belongs to ``owner``, and
        one that is missing is made anew.

        Raises:
            OwnershipLostError: the entry belongs to another gateway.
        """

    async def end(self, session: str, gateway: str) -> None:
        """Remove the entry of a session that has ended, and keep for a while who had it."""

    async def had(self, session: str) -> str | None:
        """Return the gateway that had a session which has ended, or None."""
