"""The faults, each done to processes from outside and mended where nothing else would.

Each is called with the system and returns what was done to which process once it is mended, also
where it is cancelled. A system that lacks what it needs is a FaultError.
"""

import asyncio
import resource
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

from esapr.load_tests.chaos import FaultError
from esapr.load_tests.chaos.postgres import Postgres
from esapr.load_tests.chaos.signals import send
from esapr.load_tests.chaos.system import System

Strike = Callable[[System], Awaitable[str]]

HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Kill:
    """Ends one process (SIGKILL), the first of those found; whoever keeps it starts another."""

    what: str
    processes: Callable[[System], Sequence[int]]

    async def __call__(self, system: System) -> str:
        """Kill it."""
        pid = _first(self.processes(system), self.what)
        send(SIGKILL, [pid])
        return f"killed {self.what} {pid}"


@dataclass(frozen=True, slots=True)
class Pause:
    """Stops a gateway for a while (SIGSTOP)."""

    seconds: float = 5.0

    async def __call__(self, system: System) -> str:
        """Stop it and let it go on."""
        pid = _first(system.gateways, "gateway")
        await _stopped([pid], self.seconds)
        return f"gateway {pid} stood still for {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class KillDatabase:
    """Ends every process of PostgreSQL at once, and starts it again a little later."""

    away_seconds: float = 2.0

    async def __call__(self, system: System) -> str:
        """Kill it and start it."""
        database = _database(system)
        try:
            await asyncio.to_thread(database.kill)
            await asyncio.sleep(self.away_seconds)
        finally:
            await asyncio.to_thread(database.start)
        return f"killed PostgreSQL, started it again after {self.away_seconds:g} s"


@dataclass(frozen=True, slots=True)
class StallDatabase:
    """Stops every process of PostgreSQL: its connections stay and say nothing."""

    seconds: float = 10.0

    async def __call__(self, system: System) -> str:
        """Stop it and let it go on."""
        await _stopped(_database(system).processes, self.seconds)
        return f"PostgreSQL stood still for {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class FillDisk:
    """Fills the state folder's file system.

    Where it is not a small one of its own, no file of a gateway can be written instead.
    """

    seconds: float = 10.0

    async def __call__(self, system: System) -> str:
        """Leave no space, and then what there was."""
        if system.disk is None:
            return await self._limit_files(system.gateways)
        ballast = system.disk / "ballast"
        try:
            await asyncio.to_thread(_fill, ballast)
            await asyncio.sleep(self.seconds)
        finally:
            await asyncio.to_thread(ballast.unlink)
        return f"the disk of the state folder was full for {self.seconds:g} s"

    async def _limit_files(self, gateways: Sequence[int]) -> str:
        # Writing beyond the limit fails with EFBIG: the interpreter ignores SIGXFSZ.
        before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in gateways}
        try:
            for pid, (_, hard) in before.items():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
            await asyncio.sleep(self.seconds)
        finally:
            for pid, limits in before.items():
                with suppress(ProcessLookupError):
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        return f"gateways {sorted(before)} could write no file for {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class JumpClock:
    """Sets the wall clock of the server an hour ahead, and right again later."""

    seconds: float = 10.0

    async def __call__(self, system: System) -> str:
        """Set the clock and set it back."""
        if system.wall_clock is None:
            raise FaultError("the server has no wall clock of its own")
        try:
            set_clock(system.wall_clock, HOUR)
            await asyncio.sleep(self.seconds)
        finally:
            set_clock(system.wall_clock, 0)
        return f"the wall clock was an hour ahead for {self.seconds:g} s"


FAULTS: Mapping[str, Strike] = {
    "worker": Kill("worker process", lambda system: system.workers),
    "ray-replica": Kill("Ray replica", lambda system: system.ray.replicas() if system.ray else []),
    "gateway": Kill("gateway", lambda system: system.gateways),
    "nats": Kill("NATS server", lambda system: system.nats),
    "postgres": KillDatabase(),
    "stalled-database": StallDatabase(),
    "disk-full": FillDisk(),
    "pause": Pause(),
    "clock-jump": JumpClock(),
}
"""By their names in a scenario."""


def set_clock(file: Path, ahead_seconds: int) -> None:
    """Write how far ahead libfaketime sets the wall clock of those that read ``file``."""
    # Replaced, not written over: a reader finds either time, never half of one.
    new = file.with_suffix(".new")
    new.write_text(f"+{ahead_seconds}\n", encoding="ascii")
    new.replace(file)


async def _stopped(pids: Sequence[int], seconds: float) -> None:
    try:
        send(SIGSTOP, pids)
        await asyncio.sleep(seconds)
    finally:
        send(SIGCONT, pids)


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        # Less than was asked for is written before the error that says why.
        while file.write(bytes(4_096)):
            pass


def _first(pids: Sequence[int], what: str) -> int:
    if not pids:
        raise FaultError(f"the server has no {what}")
    return pids[0]


def _database(system: System) -> Postgres:
    if system.database is None:
        raise FaultError("the server has no PostgreSQL of its own")
    return system.database
