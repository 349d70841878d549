"""``bench room``: a large audience of one room, and what it costs those who are watched.

Delivery counts from the due time of a state, by the session's own clock, to its arrival at a
subscriber: the lateness of the state, the fan-out and the sockets are all in it, and so is the
work of this process, which reads for everybody.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import msgspec
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.bench.crowd import SETTLE_SECONDS, Interval, spend
from esapr.load_tests.bench.repeated import percentile
from esapr.load_tests.bench.watcher import Watcher
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import EncodedClip, encode_clip
from esapr.load_tests.participant import Participant, play
from esapr.load_tests.server_process import READY_SECONDS, server_process
from esapr.protocol.messages import Ping, Pong, State
from esapr.protocol.rooms import Role, TokenRequest

ROOM = "bench"
TARGET_P95_MS = 100.0


class Stamp(msgspec.Struct):
    """As much of a state or a trend as delivery needs; reading all would be the load's cost."""

    type: str
    session: str = ""
    seq: int = 0
    t_end_ms: int = 0


@dataclass(slots=True)
class Delivered:
    """What came to an audience."""

    delays_ms: list[float] = field(default_factory=list)
    missed: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Delay:
    """Percentiles in milliseconds."""

    p50: float | None
    p95: float | None
    p99: float | None

    @classmethod
    def of(cls, values: list[float]) -> "Delay":
        """Return the percentiles of ``values``."""
        return cls(*(percentile(values, share) for share in (0.5, 0.95, 0.99)))


@dataclass(frozen=True, slots=True)
class RoomReport:
    """One room: delivery to its audience, and the participants' own states without and with it.

    ``missed`` counts messages that a subscriber did not get, ``closed`` sockets that were closed.
    """

    participants: int
    subscribers: int
    delivery: Delay
    messages_s: float
    missed: int
    closed: int
    alone: Delay
    watched: Delay
    alone_cost: Interval
    watched_cost: Interval


class Clocks:
    """Session clocks in the time of this process."""

    def __init__(self) -> None:
        self._offsets: dict[str, float] = {}

    def note(self, session: str, pong: Pong, now: float) -> None:
        """Take in the answer to a ping; the smallest offset had the shortest way."""
        # The session's clock was read between ``pong.t`` and ``now``.
        offset = (pong.t + now) / 2 - pong.t_ms / 1000
        self._offsets[session] = min(offset, self._offsets.get(session, offset))

    def late_ms(self, stamp: Stamp | State, now: float) -> float:
        """Return how long after its due time a state has arrived."""
        return (now - self._offsets[stamp.session]) * 1000 - stamp.t_end_ms


class Hall:
    """The room, its participants and its audience."""

    def __init__(self, gateway: Gateway, url: URL, clip: EncodedClip) -> None:
        self._gateway = gateway
        self._url = url
        self._clip = clip
        self._clocks = Clocks()
        self._watchers: list[Watcher] = []
        self._own: list[tuple[float, State]] = []

    @asynccontextmanager
    async def participants(self, count: int) -> AsyncIterator[list[Participant]]:
        """Keep people in the room whose media play."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            people = [
                await stack.enter_async_context(
                    play(self._gateway, self._clip, name=f"participant {number}", room=ROOM)
                )
                for number in range(count)
            ]
            tasks = [group.create_task(self._attend(person)) for person in people]
            tasks += [group.create_task(self._ping(person)) for person in people]
            await asyncio.sleep(SETTLE_SECONDS)
            yield people
            for task in tasks:
                task.cancel()

    @asynccontextmanager
    async def audience(self, host: Participant, role: Role, count: int) -> AsyncIterator[None]:
        """Keep ``count`` watchers on the room's feed."""
        answer = await self._gateway.token(host.credentials, TokenRequest(role))
        url = self._url.join(URL(answer.feed_url))
        self._watchers = [Watcher(url, answer.token) for _ in range(count)]
        try:
            for watcher in self._watchers:
                await watcher.connect()
            await asyncio.sleep(SETTLE_SECONDS)
            yield
        finally:
            for watcher in self._watchers:
                watcher.close()
            self._watchers = []

    def begin(self) -> None:
        """Forget what has come so far."""
        self._own = []
        for watcher in self._watchers:
            watcher.frames.clear()

    def own_delays_ms(self) -> list[float]:
        """Return how late the participants' own states have come since :meth:`begin`."""
        return [self._clocks.late_ms(state, now) for now, state in self._own]

    def delivered(self) -> Delivered:
        """Return what has come to the audience since :meth:`begin`."""
        decoder = msgspec.json.Decoder(Stamp)
        found = Delivered(closed=sum(watcher.closed for watcher in self._watchers))
        for watcher in self._watchers:
            last: dict[str, int] = {}
            for now, text in watcher.frames:
                stamp = decoder.decode(text)
                if stamp.type in ("state", "trend"):
                    found.delays_ms.append(self._clocks.late_ms(stamp, now))
                    found.missed += stamp.seq - last.get(stamp.session, stamp.seq - 1) - 1
                    last[stamp.session] = stamp.seq
        return found

    async def _attend(self, person: Participant) -> None:
        async for message in person.feed:
            now = time.monotonic()
            if isinstance(message, Pong):
                self._clocks.note(person.credentials.session_id, message, now)
            elif isinstance(message, State):
                self._own.append((now, message))

    async def _ping(self, person: Participant) -> None:
        while True:
            await person.feed.send(Ping(time.monotonic()))
            await asyncio.sleep(0.7)


async def run(participants: int, subscribers: int, role: Role, seconds: float) -> RoomReport:
    """Measure a room of ``participants`` without and then with ``subscribers``.

    Raises:
        ServerProcessError: the server did not start.
        ExceptionGroup: a session or a feed was refused or failed.
    """
    clip = encode_clip(PORTRAIT)
    async with server_process() as server, aiohttp.ClientSession() as http:
        gateway = Gateway(http, URL(server.url))
        async with asyncio.timeout(READY_SECONDS):
            await gateway.until_ready()
        hall = Hall(gateway, URL(server.url), clip)
        async with hall.participants(participants) as people:
            hall.begin()
            alone_cost = await spend(server, seconds)
            alone = Delay.of(hall.own_delays_ms())
            async with hall.audience(people[0], role, subscribers):
                hall.begin()
                watched_cost = await spend(server, seconds)
                watched, delivered = Delay.of(hall.own_delays_ms()), hall.delivered()
    return RoomReport(
        participants=participants,
        subscribers=subscribers,
        delivery=Delay.of(delivered.delays_ms),
        messages_s=len(delivered.delays_ms) / watched_cost.seconds,
        missed=delivered.missed,
        closed=delivered.closed,
        alone=alone,
        watched=watched,
        alone_cost=alone_cost,
        watched_cost=watched_cost,
    )
