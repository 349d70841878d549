"""One session of a load test, from its request to its end."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from itertools import count

import aiohttp

from esapr.client import Client, EsaprError, FeedClosedError, Session, consent
from esapr.client.connection import back_off
from esapr.client.feed import Loss
from esapr.load_tests.gateway import Gateway, RefusedError
from esapr.load_tests.labels import Label
from esapr.load_tests.network import NetworkError, profile
from esapr.load_tests.peer import PeerError
from esapr.load_tests.running.offset import Offset
from esapr.load_tests.running.schedule import Stay
from esapr.load_tests.running.sources import Played, Source, Way
from esapr.load_tests.running.wire import Event, Joined, Left, Reconnected, Seen
from esapr.load_tests.scenario import Scenario
from esapr.load_tests.tally import parts
from esapr.protocol.errors import ErrorCode
from esapr.protocol.messages import Pong, SessionCreated, State

GRACE_SECONDS = 2.0
"""How long a session waits, after the end of its stay, for states that were due before."""

MAX_OPENINGS = 5
"""Times that a session is asked for, as long as the server says that it may succeed later."""

PURPOSE = "demonstration"

MAX_SESSIONS = 1_000_000
"""What the seeds of two scenarios are apart."""

_FAILURES = (EsaprError, RefusedError, PeerError, NetworkError, aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class Venue:
    """What the sessions of a process share."""

    client: Client
    gateway: Gateway
    notice_version: str
    clip: Played
    scenario: Scenario
    epoch: float
    """The loop's time at which the run's clock was 0."""
    tell: Callable[[Event], None]


class Attendance:
    """One session; tells what happens to it."""

    def __init__(self, venue: Venue, stay: Stay) -> None:
        """Play ``stay``."""
        self._venue = venue
        self._stay = stay
        self._loop = asyncio.get_running_loop()
        self._source = Source(venue.clip, self._way(), self._media_flow)
        self._offset = Offset()
        self._joined = False
        self._asked = 0.0
        self._told_loss: Loss | None = None

    async def run(self) -> None:
        """Come, play and leave; whatever keeps it from that is told."""
        await asyncio.sleep(self._venue.epoch + self._stay.joins_at - self._loop.time())
        self._asked = self._loop.time()
        lost = ""
        try:
            async with AsyncExitStack() as stack:
                await self._attend(await self._open(stack))
        except* _FAILURES as group:
            lost = _reason(group)
        self._venue.tell(Left(self._stay.number, self._now(), lost))

    async def _open(self, stack: AsyncExitStack) -> Session:
        client, stay = self._venue.client, self._stay
        for attempt in count(1):
            receipt = consent(
                stay.name,
                text_version=self._venue.notice_version,
                method="test",
                # What a database goes through is nothing to a session that is not recorded.
                covers=["records"] if self._venue.scenario.chaos else [],
            )
            session = client.session(
                consent=receipt, purpose=PURPOSE, participant=stay.name, room=stay.room or None
            )
            try:
                return await stack.enter_async_context(session)
            except EsaprError as error:
                if not error.retryable or attempt == MAX_OPENINGS:
                    raise
            await asyncio.sleep(back_off(attempt, random.random()))
        raise AssertionError("counting has no end")

    async def _attend(self, session: Session) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in self._parts(session)]
            ends = self._venue.epoch + self._stay.leaves_at + GRACE_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout_at(ends):
                    await self._read(session)
                    raise FeedClosedError(ErrorCode.SESSION_CLOSED, "the server ended the session")
            for task in tasks:
                task.cancel()

    def _way(self) -> Way:
        scenario, stay = self._venue.scenario, self._stay
        middle = self._venue.epoch + (stay.joins_at + stay.leaves_at) / 2
        # Each session loses packets of its own.
        seed = scenario.seed * MAX_SESSIONS + stay.number
        return Way(profile(scenario.network), seed, middle)

    def _parts(self, session: Session) -> Iterator[Coroutine[None, None, None]]:
        """Yield what goes on beside reading."""
        if self._stay.kind == "partner":
            yield self._source.stream(session)
        else:
            yield self._source.push(self._venue.gateway, session)
        every = self._venue.scenario.text_every_seconds
        if every:
            # Lines of different people come at different times.
            yield self._source.chat(session, every, self._stay.number % every)
        for _ in range(self._venue.scenario.subscribers):
            yield self._watch(session)

    async def _watch(self, session: Session) -> None:
        """Read the session's states over a socket of its own, as a further page would."""
        client = self._venue.client
        ticket = await client.invite(session.credentials, "participant", scopes=["feed"])
        async with client.watch(ticket.feed_url, ticket.token) as feed:
            async for _ in feed.states():
                pass

    async def _read(self, session: Session) -> None:
        try:
            async for message in session.messages():
                match message:
                    case SessionCreated():
                        self._offset.greeted(message.t_ms, self._loop.time())
                        self._resumed(session)
                    case Pong():
                        self._offset.ponged(message.t, message.t_ms, self._loop.time())
                    case State():
                        self._see(message)
        except EsaprError:
            loss = session.last_loss
            if loss is not None and loss != self._told_loss:
                at = loss.at - self._venue.epoch
                self._venue.tell(Reconnected(self._stay.number, at, None, loss.code))
            raise

    def _resumed(self, session: Session) -> None:
        loss = session.last_loss
        if loss is None:
            return
        self._told_loss = loss
        at, seconds = loss.at - self._venue.epoch, self._loop.time() - loss.at
        self._venue.tell(Reconnected(self._stay.number, at, seconds, loss.code))
        self._source.doubted.set()

    def _see(self, state: State) -> None:
        due = self._offset.at(state.t_end_ms)
        shown = self._shown(self._offset.at(state.t_start_ms), due)
        fused = state.fused
        self._venue.tell(
            Seen(
                session=self._stay.number,
                at=self._now(),
                due_at=due - self._venue.epoch,
                delay_ms=_delay_ms(state, self._loop.time() - due),
                fused=fused is not None,
                right=fused.label == shown if fused and shown else None,
                level=state.level,
                modalities=[name for name, part in parts(state) if fused and part.weight > 0],
            )
        )

    def _shown(self, start: float, end: float) -> Label | None:
        """Return what the clip showed from ``start`` to ``end``, on the loop's clock."""
        began, clip = self._source.played_from, self._venue.clip
        return (
            None if began is None else clip.labels.over(start - began, end - began, clip.duration)
        )

    def _media_flow(self) -> None:
        if not self._joined:
            self._joined = True
            setup_ms = (self._loop.time() - self._asked) * 1000
            self._venue.tell(Joined(self._stay.number, self._now(), setup_ms))

    def _now(self) -> float:
        return self._loop.time() - self._venue.epoch


def _delay_ms(state: State, after: float) -> float | None:
    """Return the milliseconds from the capture of a state's evidence to its arrival.

    It came ``after`` so many seconds behind its interval's end. As in ``latency`` the slowest part
    counts, of those whose evidence is new; None if none is, or there is no expression.
    """
    if state.fused is None or not state.latency.batch_size:
        return None
    length = state.t_end_ms - state.t_start_ms
    ages = [part.age_ms for _, part in parts(state) if part.age_ms <= length]
    return max(0.0, after * 1000) + max(ages, default=0)


def _reason(group: BaseExceptionGroup[Exception]) -> str:
    """Return the first of the errors, however deep it lies."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
