"""The audit log of a running server: what is written is on disk before anybody is told of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.metrics import Metrics
from esapr.server.trust.audit import AuditEvent, Chain, Entry, person_digest
from esapr.server.trust.audit_folder import AuditError, AuditFolder

log = structlog.get_logger()

MAX_WAITING = 1024
"""Writers that wait for the disk; one more waits for a place. No line is ever dropped."""

Waiting = tuple[Sequence[Entry], asyncio.Future[None]]


def line(event: AuditEvent, *, actor: str, session: str = "", **detail: str) -> Entry:
    """Return a line about what happens now."""
    return Entry(datetime.now(UTC), event, actor, session, detail)


class AuditLog:
    """Takes lines from every task; all that wait are written with one ``fsync``."""

    def __init__(self, folder: AuditFolder, metrics: Metrics) -> None:
        """Write to ``folder`` while :meth:`run` runs."""
        self._folder = folder
        self._metrics = metrics
        self._waiting: asyncio.Queue[Waiting | None] = asyncio.Queue(MAX_WAITING)

    def person(self, name: str) -> str:
        """Return what stands for a person's name in the log."""
        return person_digest(self._folder.person_key, name)

    async def write(
        self, event: AuditEvent, *, actor: str, session: str = "", **detail: str
    ) -> None:
        """Write a line and wait until it is on disk. A caller that gives up changes nothing.

        Raises:
            ProtocolError: ``internal``: the disk does not take it.
        """
        await self.write_all([line(event, actor=actor, session=session, **detail)])

    async def write_all(self, lines: Sequence[Entry]) -> None:
        """Write lines that belong together and wait until they are on disk: all or none.

        Raises:
            ProtocolError: ``internal``: the disk does not take them.
        """
        written = asyncio.get_running_loop().create_future()
        await self._waiting.put((lines, written))
        await written

    async def run(self) -> None:
        """Write what waits until :meth:`close`."""
        closed = False
        while not closed:
            batch = [await self._waiting.get()]
            while not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            closed = None in batch
            if writers := [waiting for waiting in batch if waiting]:
                await self._commit(writers)

    async def close(self) -> None:
        """Let :meth:`run` end once all that waits is written."""
        await self._waiting.put(None)

    async def _commit(self, batch: list[Waiting]) -> None:
        chain = self._folder.chain
        before = chain.head
        sealed = [chain.append(entry) for entries, _ in batch for entry in entries]
        failure = await asyncio.to_thread(self._append, b"".join(sealed), chain)
        if failure:
            chain.head = before
            self._metrics.audit_failures.inc()
            log.error("audit_failed", error=str(failure), count=len(sealed))
        for _, written in batch:
            if written.done():
                continue
            if failure:
                written.set_exception(
                    ProtocolError(ErrorCode.INTERNAL, "the audit log cannot be written")
                )
            else:
                written.set_result(None)

    def _append(self, lines: bytes, chain: Chain) -> OSError | None:
        try:
            self._folder.append(lines, chain.head)
        except OSError as error:
            return error
        return None


@asynccontextmanager
async def open_audit_log(
    folder: Path, key: str | None, metrics: Metrics
) -> AsyncIterator[AuditLog]:
    """Keep the log under ``folder`` until the block is left; then all that waits is written.

    Raises:
        AuditError: the chain that is there cannot be continued, or the folder not be written.
    """
    try:
        files = await asyncio.to_thread(AuditFolder, folder, key.encode() if key else None)
    except OSError as error:
        raise AuditError(f"the audit log needs a state_dir that can be written: {error}") from error
    try:
        async with asyncio.TaskGroup() as group:
            audit = AuditLog(files, metrics)
            group.create_task(audit.run())
            try:
                if files.torn_bytes:
                    await audit.write("audit.repaired", actor="server", bytes=str(files.torn_bytes))
                yield audit
            finally:
                await audit.close()
    finally:
        files.close()
