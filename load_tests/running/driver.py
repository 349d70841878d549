"""A process of sessions: ``python -m esapr.load_tests.running.driver``, started by ``crew``.

Takes its orders from standard input and tells what happens on standard output, as ``wire`` has
them; ends with whoever started it.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from yarl import URL

from esapr.client import Client, EsaprError
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import ClipError
from esapr.load_tests.running.attending import Attendance, Venue
from esapr.load_tests.running.profiles import load
from esapr.load_tests.running.wire import (
    Event,
    Order,
    Ready,
    Spent,
    Start,
    frame,
    read_command,
)

TELL_SECONDS = 0.25
CALL_SECONDS = 10.0
"""Longest that an HTTP call may take."""


class OrphanedError(Exception):
    """Whoever started this process is gone: nobody can use what it finds."""


class Voice:
    """Tells what happens, a few times a second."""

    def __init__(self, pipe: int) -> None:
        """Write to the descriptor ``pipe``; who reads it does little else, so writes may block."""
        self._pipe = os.fdopen(pipe, "wb")
        self._spent_before = 0.0
        self._events: list[Event] = []

    def tell(self, event: Event) -> None:
        """Tell an event with the next flush."""
        self._events.append(event)

    def begin(self) -> None:
        """Count processor time from now on."""
        self._spent_before = time.process_time()

    def flush(self) -> None:
        """Write what there is to tell."""
        self._events.append(Spent(time.process_time() - self._spent_before))
        self._pipe.write(frame(self._events))
        self._pipe.flush()
        self._events.clear()

    async def keep_flushing(self) -> None:
        """Flush until cancelled."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            self.flush()


async def drive(commands: asyncio.StreamReader, voice: Voice) -> None:
    """Play the sessions of the order that comes."""
    order = await read_command(commands)
    if not isinstance(order, Order):
        return
    clip = load(Path(order.clip), order.scenario.media)
    async with _server(order) as (client, gateway):
        version = (await client.notice()).version
        voice.tell(Ready())
        voice.flush()
        start = await read_command(commands)
        if not isinstance(start, Start):
            return
        voice.begin()
        venue = Venue(client, gateway, version, clip, order.scenario, start.epoch, voice.tell)
        async with asyncio.TaskGroup() as group:
            beside = [voice.keep_flushing(), _until_orphaned(commands)]
            tasks = [group.create_task(part) for part in beside]
            async with asyncio.TaskGroup() as sessions:
                for stay in order.stays:
                    sessions.create_task(Attendance(venue, stay).run())
            for task in tasks:
                task.cancel()
    voice.flush()


@asynccontextmanager
async def _server(order: Order) -> AsyncIterator[tuple[Client, Gateway]]:
    # A connection a request: gateways that share a port get them dealt out by the kernel.
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
        Client(order.url, key=order.key) as client,
    ):
        yield client, Gateway(http, URL(order.url))


async def _until_orphaned(commands: asyncio.StreamReader) -> None:
    """End all sessions when nobody is there any more who could use what they show."""
    await commands.read()
    raise OrphanedError


async def _main() -> None:
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    # What a library prints must not get between the frames.
    voice = Voice(os.dup(sys.stdout.fileno()))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        await drive(commands, voice)
    finally:
        transport.close()


def main() -> None:
    """Play until all sessions have left."""
    try:
        asyncio.run(_main())
    except* (OrphanedError, BrokenPipeError):
        sys.exit(1)
    except* (ClipError, EsaprError) as group:
        sys.exit(f"load test: {group.exceptions[0]}")


if __name__ == "__main__":
    main()
