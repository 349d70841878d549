"""What a server keeps of its sessions, from its start to its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.records import RecordsAwayError, retention
from esapr.server.records.erasures import Erasures
from esapr.server.records.intents import FOLDER, IntentFolder
from esapr.server.records.recorder import NoRecorder, Recorder, WriteBehind
from esapr.server.records.store import Store, opened_store
from esapr.server.trust.audit_log import AuditLog

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeps sessions, and where; without records there is no ``store``."""

    recorder: Recorder
    store: Store | None


@asynccontextmanager
async def keeping(config: ServerConfig, audit: AuditLog, metrics: Metrics) -> AsyncIterator[Kept]:
    """Keep what ``config`` says; on leaving, all that waits is written.

    Raises:
        RecordsError: the database cannot be used as it is configured, or does not answer.
    """
    if not config.records:
        yield Kept(NoRecorder(), None)
        return
    async with (
        opened_store(config) as store,
        _recording(config, store, audit, metrics) as recorder,
    ):
        yield Kept(recorder, store)


@asynccontextmanager
async def _recording(
    config: ServerConfig, store: Store, audit: AuditLog, metrics: Metrics
) -> AsyncIterator[WriteBehind]:
    erasures = Erasures(IntentFolder(config.state_folder / FOLDER), store, audit, metrics)
    recorder = WriteBehind(store, erasures, metrics)
    work = (recorder.run(), erasures.run(), retention.run(store, audit, config.retention_days))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        try:
            yield recorder
        finally:
            await erasures.settle()
            for task in tasks:
                task.cancel()
            erasures.close()
            try:
                await recorder.settle()
            except RecordsAwayError as error:
                log.error("records_lost", error=str(error))
