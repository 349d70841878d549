"""Many sessions that play at the same time, and what a server spends on them in a while."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from yarl import URL

from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import EncodedClip
from esapr.load_tests.participant import Participant, play
from esapr.load_tests.peer import Peer
from esapr.load_tests.reports.exposition import Reading
from esapr.load_tests.server_process import ServerProcess
from esapr.load_tests.tally import Tally
from esapr.protocol.codec import Format
from esapr.protocol.messages import State

LINE = "We really did it, I am so happy!"
LINE_SECONDS = 10.0

SETTLE_SECONDS = 4.0
"""How long a crowd plays before it is measured: by then a voice window of three is full."""


@dataclass(slots=True)
class Seat:
    """One session of a crowd; whoever measures replaces ``tally``."""

    number: int
    tally: Tally = field(default_factory=Tally)
    connected: Callable[[], bool] = bool


Sit = Callable[[Seat, asyncio.Barrier], Coroutine[Any, Any, None]]
"""Connects a seat, waits at the barrier for all others, and plays until it is cancelled."""


@asynccontextmanager
async def crowd(count: int, sit: Sit) -> AsyncIterator[list[Seat]]:
    """Keep ``count`` sessions playing until the block is left; all play when it is entered.

    Raises:
        ExceptionGroup: a session was refused or failed.
    """
    seats = [Seat(number) for number in range(count)]
    seated = asyncio.Barrier(count + 1)
    async with asyncio.TaskGroup() as group:
        playing = [group.create_task(sit(seat, seated)) for seat in seats]
        await seated.wait()
        await asyncio.sleep(SETTLE_SECONDS)
        yield seats
        for task in playing:
            task.cancel()


def in_sessions(gateway: Gateway, clip: EncodedClip) -> Sit:
    """Sit in a session of the server: media, a line of chat each ten seconds, and the feed."""

    async def sit(seat: Seat, seated: asyncio.Barrier) -> None:
        name = f"peer {seat.number}"
        async with (
            play(gateway, clip, name=name, form=Format.MSGPACK) as participant,
            asyncio.TaskGroup() as group,
        ):
            await seated.wait()
            seat.connected = lambda: participant.peer.connected
            chat = group.create_task(_chat(participant, seat.number % LINE_SECONDS))
            async for message in participant.feed:
                if isinstance(message, State):
                    seat.tally.add(message)
            chat.cancel()

    return sit


async def _chat(participant: Participant, delay: float) -> None:
    # Lines of different peers come at different times, as people's do.
    await asyncio.sleep(delay)
    while participant.peer.connected:
        await participant.say(LINE)
        await asyncio.sleep(LINE_SECONDS)


def in_drain(http: aiohttp.ClientSession, url: str, clip: EncodedClip) -> Sit:
    """Sit in :mod:`esapr.load_tests.bench.drain`: media only."""

    async def exchange(offer: str) -> str:
        async with http.post(URL(url) / "whip", data=offer.encode()) as response:
            response.raise_for_status()
            return await response.text()

    async def sit(seat: Seat, seated: asyncio.Barrier) -> None:
        async with Peer(clip, loopback=True) as peer:
            await peer.connect(exchange)
            await seated.wait()
            seat.connected = lambda: peer.connected
            await asyncio.Event().wait()

    return sit


@dataclass(frozen=True, slots=True)
class Interval:
    """What processes spent in ``seconds``: processor time in cores, resident memory at its end."""

    seconds: float
    server_cores: float
    peers_cores: float
    memory_mb: float


async def spend(server: ServerProcess, seconds: float) -> Interval:
    """Wait and return what ``server``, and the peers in this process, spent meanwhile."""
    began, server_cpu, own_cpu = time.monotonic(), server.cpu_seconds, time.process_time()
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - began
    return Interval(
        seconds=elapsed,
        server_cores=(server.cpu_seconds - server_cpu) / elapsed,
        peers_cores=(time.process_time() - own_cpu) / elapsed,
        memory_mb=server.memory_mb,
    )


@dataclass(frozen=True, slots=True)
class Ran:
    """Batches of one model and the items in them."""

    batches: float = 0
    items: float = 0

    def since(self, before: "Ran") -> "Ran":
        """Return what ran since ``before``."""
        return Ran(self.batches - before.batches, self.items - before.items)


def batches(exposition: str) -> dict[str, Ran]:
    """Return what each model has run so far, by the server's own counters."""
    counters = Reading.of(exposition).counters
    items = counters.by("esapr_batch_size_sum", "model")
    return {
        model: Ran(count, items[model])
        for model, count in counters.by("esapr_batch_size_count", "model").items()
    }


def ran_since(now: dict[str, Ran], before: dict[str, Ran]) -> dict[str, Ran]:
    """Return what each model has run between two readings."""
    return {model: ran.since(before.get(model, Ran())) for model, ran in now.items()}
