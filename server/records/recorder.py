"""What sessions hand to the records, without ever waiting for them."""

import asyncio
from itertools import count
from typing import Protocol

import structlog
from msgspec import UNSET

from esapr.protocol.events import Event
from esapr.protocol.messages import State, Text, Warning
from esapr.server.metrics import Metrics
from esapr.server.records import RecordsAwayError
from esapr.server.records.buffer import BATCH_ROWS, Buffer
from esapr.server.records.erasures import Erasures
from esapr.server.records.packing import state_row
from esapr.server.records.rows import Closing, EventRow, Facts, LineRow, Row
from esapr.server.records.store import Store

log = structlog.get_logger()

FLUSH_SECONDS = 1.0
"""What came is written after so long at most, as long as the database answers."""

LONGEST_PAUSE_SECONDS = 8.0
"""Between two attempts at a database that does not answer."""

SETTLE_SECONDS = 5.0
"""As long as a report waits for what came before it."""

Recorded = State | Event | Warning | Text

SUPPORT = "support"
"""What ``support_resources`` is in the records, whose kinds are short."""


class Recorder(Protocol):
    """Takes what a session publishes; nothing here blocks."""

    def opened(self, facts: Facts) -> None:
        """Note a session, also one that goes on here after another gateway had it."""

    def put(self, session: str, message: Recorded) -> int:
        """Keep a message and return how many were displaced by it."""

    def closed(self, closing: Closing) -> None:
        """Note that a session has ended."""

    async def erase(self, session: str, actor: str, *, revoked: bool = False) -> None:
        """Keep nothing more of a session, and promise to erase what is kept of it.

        That its consent was ``revoked`` is remembered.

        Raises:
            ProtocolError: ``internal``: that cannot be promised.
        """

    async def erased(self, session: str) -> None:
        """Wait until what was promised is done.

        Raises:
            ProtocolError: ``records_away``: the database does not answer; it is done once it does.
        """

    async def settle(self) -> None:
        """Wait until what was put is written.

        Raises:
            RecordsAwayError: the database does not answer; it will be done once it does.
        """


class NoRecorder:
    """Keeps nothing."""

    def opened(self, facts: Facts) -> None:
        """Keep nothing."""

    def put(self, session: str, message: Recorded) -> int:
        """Keep nothing."""
        return 0

    def closed(self, closing: Closing) -> None:
        """Keep nothing."""

    async def erase(self, session: str, actor: str, *, revoked: bool = False) -> None:
        """Find nothing."""

    async def erased(self, session: str) -> None:
        """Return at once."""

    async def settle(self) -> None:
        """Return at once."""


class WriteBehind:
    """Buffers what sessions say, and writes it in transactions of its own."""

    def __init__(self, store: Store, erasures: Erasures, metrics: Metrics) -> None:
        """Write to ``store``; nothing happens before :meth:`run`."""
        self._store = store
        self._erasures = erasures
        self._metrics = metrics
        self._buffer = Buffer()
        self._kept: set[str] = set()
        self._with_text: set[str] = set()
        self._numbers = count()
        self._batch_full = asyncio.Event()
        self._writing = asyncio.Lock()
        self._away = False

    def opened(self, facts: Facts) -> None:
        """Note a session, also one that goes on here after another gateway had it."""
        self._buffer.open(facts)
        self._kept.add(facts.session)
        if facts.keep_text:
            self._with_text.add(facts.session)

    def put(self, session: str, message: Recorded) -> int:
        """Keep a message and return how many were displaced.

        Of a session that was not opened here nothing is kept; text, and that it spoke of
        self-harm, only where that was agreed to.
        """
        if session not in (self._with_text if _tells_text(message) else self._kept):
            return 0
        displaced = self._buffer.add(self._row(session, message))
        self._count_displaced(displaced)
        if len(self._buffer) >= BATCH_ROWS:
            self._batch_full.set()
        return displaced

    def closed(self, closing: Closing) -> None:
        """Note that a session has ended."""
        if closing.session in self._kept:
            self._buffer.close(closing)
        self._kept.discard(closing.session)
        self._with_text.discard(closing.session)

    async def erase(self, session: str, actor: str, *, revoked: bool = False) -> None:
        """Keep nothing more of a session, and promise to erase what is kept of it.

        What is being written at this moment is refused or erased by the database.

        Raises:
            ProtocolError: ``internal``: that cannot be promised.
        """
        self._kept.discard(session)
        self._with_text.discard(session)
        self._buffer.forget(session)
        await self._erasures.want(session, actor, revoked=revoked)

    async def erased(self, session: str) -> None:
        """Wait until what was promised is done.

        Raises:
            ProtocolError: ``records_away``: the database does not answer; it is done once it does.
        """
        await self._erasures.done(session)

    async def settle(self) -> None:
        """Wait until what was put is written.

        Raises:
            RecordsAwayError: the database does not answer; it will be done once it does.
        """
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await self._flush()
        except TimeoutError:
            raise RecordsAwayError("the database does not answer") from None

    async def run(self) -> None:
        """Write until cancelled; then :meth:`settle` writes the rest."""
        pause = FLUSH_SECONDS
        while True:
            await self._sleep(pause)
            try:
                await self._flush()
            except RecordsAwayError as error:
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                self._metrics.records.failures.inc()
                if not self._away:
                    log.warning("records_away", error=str(error))
                self._away = True
            else:
                pause = FLUSH_SECONDS
                if self._away:
                    log.info("records_back")
                self._away = False

    async def _sleep(self, pause: float) -> None:
        self._metrics.records.pending.set(len(self._buffer))
        if self._away:
            await asyncio.sleep(pause)
            return
        try:
            async with asyncio.timeout(pause):
                await self._batch_full.wait()
        except TimeoutError:
            return

    async def _flush(self) -> None:
        async with self._writing:
            self._batch_full.clear()
            while batch := self._buffer.take():
                try:
                    refused = await self._store.write(batch)
                except BaseException:
                    self._count_displaced(self._buffer.give_back(batch))
                    raise
                if refused:
                    self._metrics.dropped("records", "erased", refused)
        self._metrics.records.pending.set(len(self._buffer))

    def _row(self, session: str, message: Recorded) -> Row:
        if isinstance(message, State):
            return state_row(message)
        n = next(self._numbers)
        if isinstance(message, Text):
            at_ms = 0 if message.at_ms is UNSET else message.at_ms
            return LineRow(session, at_ms, n, message.source, message.body)
        if isinstance(message, Warning):
            return EventRow(session, message.t_ms, n, "warning", message.code, message.active)
        if message.kind == "support_resources":
            return EventRow(session, message.t_ms, n, SUPPORT, "", True)
        label = "" if message.label is UNSET else message.label
        # A blink has no end: it is there, and over.
        return EventRow(session, message.t_ms, n, message.kind, label, message.active is not False)

    def _count_displaced(self, displaced: int) -> None:
        if displaced:
            self._metrics.dropped("records", "displaced", displaced)


def _tells_text(message: Recorded) -> bool:
    """Return whether a message is text, or tells what text says."""
    return isinstance(message, Text) or (
        isinstance(message, Event) and message.kind == "support_resources"
    )
