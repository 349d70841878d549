"""What sessions that have come and gone leave behind in a real server."""

import asyncio
import os
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import EncodedClip
from esapr.load_tests.obeying import portrait
from esapr.load_tests.participant import play
from esapr.load_tests.server_process import READY_SECONDS, ServerProcess, server_process
from esapr.protocol.messages import State

AT_A_TIME = 10
WARM_UP, MEASURED = 10, 20
# The shared arena grows until the largest batches have met, which is later on a busy machine. What
# each session leaves behind grows as much in the last of these turns as in the first.
TURNS = 3
# The event loop's own pool starts its threads when so many calls meet, which may be late, too.
POOL = min(32, (os.cpu_count() or 1) + 4)

pytestmark = pytest.mark.real_time


async def come_and_go(gateway: Gateway, clip: EncodedClip) -> None:
    """Open ten sessions, send media until each has a state, and close them."""

    async def session(name: str) -> None:
        states = 0
        async with play(gateway, clip, name=name) as participant:
            async for message in participant.feed:
                states += isinstance(message, State)
                if states == 1:
                    return

    async with asyncio.TaskGroup() as group:
        for number in range(AT_A_TIME):
            group.create_task(session(f"participant {number}"))


def held(server: ServerProcess, what: str) -> int:
    """Count the server's threads (``task``) or open files (``fd``)."""
    return len(os.listdir(Path("/proc", str(server.pid), what)))


async def grown(server: ServerProcess, gateway: Gateway, clip: EncodedClip) -> float:
    """Return by what factor two hundred sessions make the server's memory grow."""
    before = server.memory_mb
    for _ in range(MEASURED):
        await come_and_go(gateway, clip)
    return server.memory_mb / before


async def test_two_hundred_sessions_leave_nothing_behind() -> None:
    clip = portrait(plain=False)
    async with server_process() as server, aiohttp.ClientSession() as http:
        gateway = Gateway(http, URL(server.url))
        async with asyncio.timeout(READY_SECONDS):
            await gateway.until_ready()
        for _ in range(WARM_UP):
            await come_and_go(gateway, clip)
        most = {what: held(server, what) + POOL for what in ("task", "fd")}
        growth = [await grown(server, gateway, clip)]
        while growth[-1] > 1.1 and len(growth) < TURNS:
            growth.append(await grown(server, gateway, clip))

        assert growth[-1] <= 1.1, growth
        for _ in range(100):  # the last session may still be closing
            left = {what: held(server, what) for what in most}
            if all(left[what] <= count for what, count in most.items()):
                return
            await asyncio.sleep(0.1)
        pytest.fail(f"threads and files allowed: {most}, left: {left}")
