"""The directory in three key-value buckets of NATS JetStream, held in memory.

Nothing of it touches a disk: gateways make their entries anew when NATS returns empty.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from nats.aio.client import Client
from nats.errors import Error
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from esapr.protocol import limits
from esapr.server.bus.directory import (
    KEPT_SECONDS,
    LEASE_SECONDS,
    DirectoryError,
    Entry,
    Found,
    OwnershipLostError,
)

GATEWAYS, SESSIONS, ENDED = "esapr_gateways", "esapr_sessions", "esapr_ended"
ANSWER_SECONDS = 1.0

_entries = msgspec.msgpack.Decoder(Entry)


class NatsDirectory:
    """Implements :class:`esapr.server.bus.directory.Directory`."""

    def __init__(self, client: Client) -> None:
        """Ask through ``client``."""
        self._client = client
        self._stream = client.jetstream(timeout=ANSWER_SECONDS)
        self._opened_at = 0
        """How often the client had reconnected when the buckets were made."""
        self._gateways: KeyValue
        self._sessions: KeyValue
        self._ended: KeyValue

    async def open(self) -> None:
        """Make the buckets; those that are there stay as they are."""
        self._opened_at = self._client.stats["reconnects"]
        with self._answering():
            self._gateways = await self._bucket(GATEWAYS, LEASE_SECONDS)
            self._sessions = await self._bucket(SESSIONS, KEPT_SECONDS)
            self._ended = await self._bucket(ENDED, limits.REPORT_SECONDS)

    async def renew(self, gateway: str, url: str) -> None:
        """Say that a gateway lives, and at which address it serves the others."""
        with self._answering():
            await self._gateways.put(gateway, url.encode())

    async def address(self, gateway: str) -> str | None:
        """Return the address of a gateway that lives, or None."""
        return await self._text(self._gateways, gateway)

    async def find(self, session: str) -> Found | None:
        """Return a session's entry, or None."""
        with self._answering():
            try:
                kept = await self._sessions.get(session)
            except KeyNotFoundError:
                return None
            return Found(_entries.decode(kept.value), kept.revision)

    async def keep(self, entry: Entry, revision: int | None, *, owner: str) -> int:
        """Replace the entry of ``revision`` or one of ``owner``'s; return the new revision."""
        data = msgspec.msgpack.encode(entry)
        with self._answering():
            try:
                return await self._write(entry.snapshot.session, data, revision)
            except KeyWrongLastSequenceError:
                found = await self.find(entry.snapshot.session)
            if found and found.entry.owner != owner:
                raise OwnershipLostError(entry.snapshot.session)
            try:
                return await self._write(
                    entry.snapshot.session, data, found.revision if found else None
                )
            except KeyWrongLastSequenceError:
                raise OwnershipLostError(entry.snapshot.session) from None

    async def end(self, session: str, gateway: str) -> None:
        """Remove the entry of a session that has ended, and keep for a while who had it."""
        with self._answering():
            await self._ended.put(session, gateway.encode())
            await self._sessions.delete(session)

    async def had(self, session: str) -> str | None:
        """Return the gateway that had a session which has ended, or None."""
        return await self._text(self._ended, session)

    async def _text(self, bucket: KeyValue, key: str) -> str | None:
        with self._answering():
            try:
                kept: bytes = (await bucket.get(key)).value
            except KeyNotFoundError:
                return None
            return kept.decode()

    async def _write(self, session: str, data: bytes, revision: int | None) -> int:
        written: int = (
            await self._sessions.update(session, data, last=revision)
            if revision
            else await self._sessions.create(session, data)
        )
        return written

    async def _bucket(self, name: str, seconds: float) -> KeyValue:
        config = KeyValueConfig(bucket=name, ttl=seconds, storage=StorageType.MEMORY)
        return await self._stream.create_key_value(config)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        # What is sent while NATS is away would arrive when it is outdated.
        if not self._client.is_connected:
            raise DirectoryError("NATS is away")
        # It may be back empty, with buckets that another gateway has made already.
        if self._client.stats["reconnects"] != self._opened_at:
            raise DirectoryError("NATS was away")
        try:
            yield
        except Error as error:
            raise DirectoryError(f"NATS: {type(error).__name__}") from error
