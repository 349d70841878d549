"""``bench scale``: more and more sessions on one server, until it no longer keeps up."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import aiohttp
from yarl import URL

from esapr.load_tests.bench.crowd import (
    Seat,
    batches,
    crowd,
    in_sessions,
    ran_since,
    spend,
)
from esapr.load_tests.bench.repeated import percentile
from esapr.load_tests.gateway import Gateway, RefusedError
from esapr.load_tests.media import EncodedClip
from esapr.load_tests.obeying import portrait
from esapr.load_tests.peer import PeerError
from esapr.load_tests.server_process import READY_SECONDS, SERVE, ServerProcess, server_process
from esapr.load_tests.tally import Tally

STATES_PER_MINUTE = 55
"""With fewer a session is starved."""


@dataclass(frozen=True, slots=True)
class Step:
    """What ``sessions`` at a time got, and what the server spent on them.

    Latency is from the capture of the newest evidence in a state to the state, in milliseconds.
    ``starved`` counts sessions by what they lack: ``states`` (fewer than 55 a minute), ``evidence``
    (no state rests on anything new) or ``connection``.
    """

    sessions: int
    states_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    server_cores: float
    peers_cores: float
    memory_mb: float
    batch_sizes: dict[str, float]
    starved: dict[str, int]
    failure: str | None = None

    @property
    def saturated(self) -> bool:
        """Whether a session did not get what it is due."""
        return bool(self.starved) or self.failure is not None


async def climb(
    counts: Sequence[int],
    seconds: float,
    *,
    plain: bool,
    voice_only: bool = False,
    processes: int = 1,
) -> AsyncIterator[Step]:
    """Yield a step for each of ``counts`` (ascending); the first saturated one is the last.

    ``plain`` senders ignore what the answer asks for, ``voice_only`` ones have no camera. Of
    several ``processes`` each knows its own batches only: their sizes are left out.

    Raises:
        ServerProcessError: the server did not start.
    """
    clip = portrait(plain=plain)
    if voice_only:
        clip = replace(clip, video=None)
    async with AsyncExitStack() as stack:
        command = SERVE if processes == 1 else (*SERVE, "--processes", f"{processes}")
        server = await stack.enter_async_context(server_process(command))
        # The kernel deals connections out to the processes, not requests.
        connector = aiohttp.TCPConnector(force_close=processes > 1)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        gateway = Gateway(http, URL(server.url))
        async with asyncio.timeout(READY_SECONDS):
            await gateway.until_ready()
        for count in counts:
            step = await _step(server, gateway, clip, count, seconds)
            yield step if processes == 1 else replace(step, batch_sizes={})
            if step.saturated:
                return


async def _step(
    server: ServerProcess, gateway: Gateway, clip: EncodedClip, count: int, seconds: float
) -> Step:
    try:
        async with crowd(count, in_sessions(gateway, clip)) as seats:
            return await _measure(server, gateway, seats, seconds)
    except* (RefusedError, PeerError, aiohttp.ClientError) as group:
        failure = f"{group.exceptions[0]}"
    return Step(count, 0.0, None, None, None, 0.0, 0.0, server.memory_mb, {}, {}, failure)


async def _measure(
    server: ServerProcess, gateway: Gateway, seats: list[Seat], seconds: float
) -> Step:
    for seat in seats:
        seat.tally = Tally()
    before = batches(await gateway.metrics())
    spent = await spend(server, seconds)
    ran = ran_since(batches(await gateway.metrics()), before)
    tallies = [seat.tally for seat in seats]
    delays = [delay for tally in tallies for delay in tally.delays_ms]
    due = int(spent.seconds * STATES_PER_MINUTE / 60)
    return Step(
        sessions=len(seats),
        states_s=sum(tally.states for tally in tallies) / spent.seconds,
        p50_ms=percentile(delays, 0.5),
        p95_ms=percentile(delays, 0.95),
        p99_ms=percentile(delays, 0.99),
        server_cores=spent.server_cores,
        peers_cores=spent.peers_cores,
        memory_mb=spent.memory_mb,
        batch_sizes={name: r.items / r.batches for name, r in ran.items() if r.batches},
        starved=dict(Counter(lack for seat in seats if (lack := _lack(seat, due)))),
    )


def _lack(seat: Seat, due: int) -> str | None:
    if not seat.connected():
        return "connection"
    if seat.tally.states < due:
        return "states"
    return None if seat.tally.delays_ms else "evidence"
