"""``bench lines``: text of many sessions at a time; every line is scored, or counted as it is not.

Each session writes at a steady rate, as people in a busy chat do, and reads its states. What the
server says at the end of each is compared with what was sent.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice

import aiohttp
from yarl import URL

from esapr.load_tests.bench.repeated import percentile
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.server_process import READY_SECONDS, SERVE, server_process
from esapr.load_tests.subscriber import Subscriber
from esapr.protocol.codec import Format
from esapr.protocol.messages import Close, Error, SessionClosed, SessionCreated, State, Text
from esapr.protocol.requests import Consent, SessionRequest

CHAT = (
    "ok",
    "I am so happy to see you all!",
    "wait, what?! I did not expect that at all",
    "The train leaves at nine and we still have to buy the tickets.",
    "I miss her so much, I can't stop crying, and nobody here seems to notice it.",
    "this is so unfair, I hate it",
    "\N{FACE WITH TEARS OF JOY}\N{FACE WITH TEARS OF JOY}",
)


@dataclass(frozen=True, slots=True)
class LinesReport:
    """What became of the lines of all sessions.

    ``lost`` were sent and neither scored nor counted as dropped or refused. ``queue_p95_ms`` and
    ``infer_p95_ms`` are of the states: the wait for a batch, and the batch itself.
    ``server_cores`` is processor time over time.
    """

    sessions: int
    rate: float
    sent: int
    scored: int
    dropped: int
    refused: int
    seconds: float
    server_cores: float
    queue_p95_ms: float | None
    infer_p95_ms: float | None

    @property
    def lost(self) -> int:
        """Lines of which nothing is known."""
        return self.sent - self.scored - self.dropped - self.refused


class Writer:
    """One session: sends its lines at their times and counts what comes back."""

    def __init__(self, feed: Subscriber) -> None:
        """Write to ``feed``."""
        self._feed = feed
        self.scored = self.dropped = self.refused = 0
        self.queues_ms: list[float] = []
        self.batches_ms: list[float] = []

    async def run(self, lines: Iterator[str], rate: float, start: float) -> None:
        """Send ``lines``, ``rate`` a second from ``start`` (monotonic) on, and end the session."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read())
            for number, line in enumerate(lines):
                await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
                await self._feed.send(Text(body=line))
            await self._feed.send(Close())

    async def _read(self) -> None:
        async for message in self._feed:
            match message:
                case State() if message.latency.batch_size:
                    self.queues_ms.append(message.latency.queue_ms)
                    self.batches_ms.append(message.latency.infer_ms)
                case Error():
                    self.refused += 1
                case SessionClosed():
                    self.scored = message.totals.lines
                    self.dropped = message.totals.dropped.lines


async def run(sessions: int, lines: int, rate: float) -> LinesReport:
    """Let ``sessions`` write ``lines`` each, ``rate`` a second.

    Raises:
        ServerProcessError: the server ended before it served.
        TimeoutError: it did not get ready.
        ExceptionGroup: a session or a feed was refused or failed.
    """
    command = ("env", f"ESAPR_MAX_SESSIONS={sessions}", *SERVE)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(server_process(command))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        gateway = Gateway(http, URL(server.url))
        async with asyncio.timeout(READY_SECONDS):
            await gateway.until_ready()
        version = (await gateway.notice()).version
        writers = [await _writer(stack, gateway, version, n) for n in range(sessions)]
        began, spent = time.monotonic(), server.cpu_seconds
        async with asyncio.TaskGroup() as group:
            for number, writer in enumerate(writers):
                texts = islice(cycle(CHAT), number, number + lines)
                # Spread over the first second: people do not write in step.
                start = began + number / (rate * sessions)
                group.create_task(writer.run(texts, rate, start))
        seconds = time.monotonic() - began
        cores = (server.cpu_seconds - spent) / seconds
    return LinesReport(
        sessions=sessions,
        rate=rate,
        sent=sessions * lines,
        scored=sum(writer.scored for writer in writers),
        dropped=sum(writer.dropped for writer in writers),
        refused=sum(writer.refused for writer in writers),
        seconds=seconds,
        server_cores=cores,
        queue_p95_ms=percentile([ms for w in writers for ms in w.queues_ms], 0.95),
        infer_p95_ms=percentile([ms for w in writers for ms in w.batches_ms], 0.95),
    )


async def _writer(stack: AsyncExitStack, gateway: Gateway, version: str, number: int) -> Writer:
    consent = Consent(
        subject=f"writer {number}",
        text_version=version,
        given_at=datetime.now(UTC),
        method="test",
        covers=[],
    )
    request = SessionRequest(consent=consent, modalities=["text"])
    credentials = await stack.enter_async_context(gateway.session(request))
    feed = await stack.enter_async_context(gateway.subscribe(credentials, Format.JSON))
    assert isinstance(await anext(feed), SessionCreated)
    return Writer(feed)
