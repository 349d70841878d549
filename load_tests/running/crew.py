"""The processes that play a run's sessions, as the one that counts sees them."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from esapr.load_tests.running.ledger import Ledger
from esapr.load_tests.running.schedule import Stay
from esapr.load_tests.running.wire import Order, Start, frame, read_events
from esapr.load_tests.scenario import Scenario

COMMAND = (sys.executable, "-m", "esapr.load_tests.running.driver")
END_SECONDS = 10.0
"""Patience with a driver that was told to end."""


class DriverError(Exception):
    """A process of the harness could not start playing; it says why on standard error."""


class Driver:
    """One process and its share of the sessions."""

    def __init__(self, number: int, process: Process, stays: Sequence[Stay]) -> None:
        """Speak with ``process``, which plays ``stays``."""
        self._number = number
        self._process = process
        self._stays = stays

    def order(self, order: Order) -> None:
        """Say what to play; it gets ready."""
        self._write(frame(order))

    async def until_ready(self) -> None:
        """Wait until it could start.

        Raises:
            DriverError: it ended instead.
        """
        if await read_events(self._pipe) is None:
            raise DriverError(f"{self._name} ended with status {await self._process.wait()}")

    def start(self, epoch: float) -> None:
        """Let it play; ``epoch`` is the loop's time at which the run's clock is 0."""
        self._write(frame(Start(epoch)))

    async def follow(self, ledger: Ledger, now: Callable[[], float]) -> str | None:
        """Pass on what it tells until it ends; return what went wrong with it, if anything did."""
        while (events := await read_events(self._pipe)) is not None:
            ledger.take(self._number, events)
        status = await self._process.wait()
        if status == 0:
            return None
        failure = f"{self._name} ended with status {status}"
        ledger.abandon(self._stays, now(), failure)
        return failure

    async def end(self) -> None:
        """End the process, if it is still there: without orders it closes its sessions."""
        if self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                async with asyncio.timeout(END_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        await self._process.wait()

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)

    @property
    def _pipe(self) -> asyncio.StreamReader:
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def _name(self) -> str:
        return f"harness process {self._number}"


@asynccontextmanager
async def crew(
    url: str, key: str | None, clip: Path, scenario: Scenario, stays: Sequence[Stay]
) -> AsyncIterator[list[Driver]]:
    """Start the processes of a run, which are ready to play; end them on leaving.

    Raises:
        DriverError: one could not get ready.
    """
    drivers: list[Driver] = []
    try:
        for number in range(scenario.processes):
            share = stays[number :: scenario.processes]
            # Ctrl-C is for this process, which ends the others.
            process = await asyncio.create_subprocess_exec(
                *COMMAND, stdin=PIPE, stdout=PIPE, start_new_session=True
            )
            drivers.append(Driver(number, process, share))
            drivers[-1].order(Order(url, key, str(clip), scenario, list(share)))
        for driver in drivers:
            await driver.until_ready()
        yield drivers
    finally:
        for driver in drivers:
            await driver.end()
