"""Erasures: on disk before anybody is told of them, done as soon as the database answers."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.metrics import Metrics
from esapr.server.records import RecordsAwayError
from esapr.server.records.intents import Intent, IntentFolder, Wanted
from esapr.server.records.report import moment
from esapr.server.records.store import Store
from esapr.server.trust.audit_log import AuditLog
from esapr.server.trust.tokens import unix_time

log = structlog.get_logger()

LOOK_SECONDS = 8.0
"""Between two looks at what other processes have left behind."""

RETRY_SECONDS = 1.0
"""Between two attempts at a database that does not answer."""

DONE_SECONDS = 5.0
"""As long as whoever asks for an erasure waits for it."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An erasure that is not done; without an ``intent`` this process alone knows of it."""

    wanted: Wanted
    intent: Intent | None
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Erasures:
    """Every erasure that this process has to carry out, one after the other."""

    def __init__(
        self, folder: IntentFolder, store: Store, audit: AuditLog, metrics: Metrics
    ) -> None:
        """Erase from ``store`` while :meth:`run` runs; what is done is written to ``audit``."""
        self._folder = folder
        self._store = store
        self._audit = audit
        self._metrics = metrics
        self._waiting: dict[str, _Waiting] = {}
        self._noting = asyncio.Lock()
        self._asked = asyncio.Event()

    async def want(self, session: str, actor: str, *, revoked: bool) -> None:
        """Promise an erasure: when this returns, it outlives the process.

        Raises:
            ProtocolError: ``internal``: the disk does not take it. It is tried all the same.
        """
        async with self._noting:
            if session in self._waiting:
                return
            wanted = Wanted(session, actor, round(unix_time() * 1000), revoked)
            try:
                intent = await asyncio.to_thread(self._folder.add, wanted)
            except OSError as error:
                log.error("erasure_not_noted", session=session, error=str(error))
                self._take(_Waiting(wanted, None))
                raise ProtocolError(ErrorCode.INTERNAL, "the erasure cannot be noted") from error
            self._take(_Waiting(wanted, intent))

    async def done(self, session: str) -> None:
        """Wait until a session that is to be erased is, and the audit log says so.

        Raises:
            ProtocolError: ``records_away``: it will be, once the database answers.
        """
        waiting = self._waiting.get(session)
        if waiting is None:
            return
        try:
            async with asyncio.timeout(DONE_SECONDS):
                await waiting.done.wait()
        except TimeoutError:
            raise ProtocolError(ErrorCode.RECORDS_AWAY, "the records do not answer") from None

    async def run(self) -> None:
        """Carry out what is wanted, and what a process has left that died, until cancelled."""
        late = False
        while True:
            self._asked.clear()
            try:
                for waiting in list(self._waiting.values()):
                    await self._carry_out(waiting)
                await self._look()
                late = False
            except (RecordsAwayError, ProtocolError, OSError) as error:
                if not late:
                    log.warning("erasures_later", error=str(error), count=len(self._waiting))
                late = True
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS if late else LOOK_SECONDS):
                    await self._asked.wait()

    async def settle(self) -> None:
        """Wait until all is done, as long as the database answers."""
        try:
            for session in list(self._waiting):
                await self.done(session)
        except ProtocolError:
            log.warning("erasures_left", count=len(self._waiting))

    def close(self) -> None:
        """Leave what is not done to the next process."""
        for waiting in self._waiting.values():
            if waiting.intent:
                waiting.intent.release()

    async def _look(self) -> None:
        for intent in await asyncio.to_thread(self._folder.abandoned):
            self._take(_Waiting(intent.wanted, intent))

    async def _carry_out(self, waiting: _Waiting) -> None:
        wanted = waiting.wanted
        sessions, at_ms = [wanted.session], wanted.at_ms
        erased = await self._store.erase(sessions, at_ms, revoked=wanted.revoked)
        await self._audit.write(
            "records.erased",
            actor=wanted.actor,
            session=wanted.session,
            wanted=moment(wanted.at_ms),
            **erased.detail(),
        )
        if waiting.intent:
            await asyncio.to_thread(waiting.intent.fulfil)
        del self._waiting[wanted.session]
        self._metrics.records.erasures.set(len(self._waiting))
        waiting.done.set()

    def _take(self, waiting: _Waiting) -> None:
        first = self._waiting.setdefault(waiting.wanted.session, waiting)
        if first is not waiting and waiting.intent:
            # Asked for here at the moment in which it was found: once is enough.
            waiting.intent.release()
        self._metrics.records.erasures.set(len(self._waiting))
        self._asked.set()
