"""The end of each record: what is older than the deployment or the session allows is erased."""

import asyncio

import structlog

from esapr.protocol.errors import ProtocolError
from esapr.server.records import RecordsAwayError
from esapr.server.records.rows import Erased
from esapr.server.records.store import Store
from esapr.server.trust.audit_log import AuditLog
from esapr.server.trust.tokens import unix_time

log = structlog.get_logger()

EVERY_SECONDS = 3_600.0


async def erase_expired(store: Store, now_ms: int, days: int) -> Erased:
    """Erase the sessions that opened ``days`` ago, or their own retention, if that is shorter.

    Raises:
        RecordsAwayError: the database does not answer.
    """
    return await store.erase(await store.expired(now_ms, days), now_ms)


async def run(store: Store, audit: AuditLog, days: int) -> None:
    """Erase what has expired, now and every hour, until cancelled."""
    while True:
        try:
            erased = await erase_expired(store, round(unix_time() * 1000), days)
            if erased.sessions:
                await audit.write("retention.applied", actor="server", **erased.detail())
        except (RecordsAwayError, ProtocolError) as error:
            log.warning("retention_later", error=str(error))
        await asyncio.sleep(EVERY_SECONDS)
