"""A server in a process of its own, so that its cost can be told from that of its load."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from esapr.load_tests.process_tree import cpu_seconds, family, memory_mb

_URL = re.compile(rb"serves on (http://\S+)")
SERVE = (sys.executable, "-c", "from esapr.cli.main import main; main()", "serve", "--port", "0")

READY_SECONDS = 120.0
"""Longest that a server may take until its models are warm."""


class ServerProcessError(Exception):
    """The server ended before it served; the message holds what it wrote last."""


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A running server; costs, those of its own processes included, are read from ``/proc``."""

    url: str
    pid: int
    _used: dict[int, float] = field(default_factory=dict)

    @property
    def cpu_seconds(self) -> float:
        """Processor time used so far, by all threads, as far as anybody looked while they ran.

        Linux leaves out a child now and then while another one ends (proc_pid_children(5)); it
        counts with what it was last seen to have used, and so does one that has ended.
        """
        for pid in family(self.pid):
            self._used[pid] = max(self._used.get(pid, 0.0), cpu_seconds(pid))
        return sum(self._used.values())

    @property
    def memory_mb(self) -> float:
        """Resident memory now, in units of 1,000,000 bytes."""
        return sum(memory_mb(pid) for pid in family(self.pid))


@asynccontextmanager
async def server_process(command: Sequence[str] = SERVE) -> AsyncIterator[ServerProcess]:
    """Start ``esapr serve`` on a free loopback port; stop it on leaving.

    Another ``command`` must say ``serves on http://…`` on its standard error.

    Raises:
        ServerProcessError: it ended before it served.
    """
    process = await asyncio.create_subprocess_exec(*command, stderr=PIPE)
    try:
        async with asyncio.TaskGroup() as group:
            url = await _address(process)
            # A full pipe would stop the server.
            drain = group.create_task(_drain(process))
            yield ServerProcess(url, process.pid)
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await drain
            await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _address(process: Process) -> str:
    assert process.stderr is not None
    last = b""
    async for line in process.stderr:
        last = line
        if found := _URL.search(line):
            return found[1].decode()
    raise ServerProcessError(f"the server ended at once: {last.decode().strip()}")


async def _drain(process: Process) -> None:
    assert process.stderr is not None
    async for line in process.stderr:
        if b"error" in line or b"Traceback" in line:
            sys.stderr.buffer.write(line)
