"""Faults at their times, done to a process that does nothing."""

import asyncio
import errno
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from esapr.load_tests.chaos import FaultError
from esapr.load_tests.chaos.cost import Done
from esapr.load_tests.chaos.faults import FillDisk, Strike
from esapr.load_tests.chaos.ground import check
from esapr.load_tests.chaos.system import System
from esapr.load_tests.chaos.unleash import unleash
from esapr.load_tests.scenario import Fault

WRITER = """
import sys, time
while True:
    try:
        with open(sys.argv[1], "ab", buffering=0) as file:
            file.write(b"x")
    except OSError as error:
        print(error.errno, flush=True)
    time.sleep(0.01)
"""


@pytest.fixture
def server() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process.pid
        process.kill()


def until(pid: int, states: str) -> None:
    """Wait for the kernel, which takes its time to deliver a signal, whatever the loop's clock."""
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in states:
        assert time.monotonic() < deadline
        time.sleep(0.001)


STOPPED, RUNNING, ENDED = "Tt", "RSD", "ZX"


async def test_each_fault_is_done_at_its_time_and_mended(server: int) -> None:
    loop = asyncio.get_running_loop()
    faults = [Fault("gateway", 20.0), Fault("pause", 10.0)]
    done: list[Done] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(unleash(faults, System(server), loop.time, done))
        await asyncio.sleep(12.0)
        until(server, STOPPED)
        await asyncio.sleep(4.0)
        until(server, RUNNING)
    until(server, ENDED)
    pause, kill = done
    assert (pause.kind, pause.at_seconds) == ("pause", 10.0)
    assert (kill.kind, kill.at_seconds) == ("gateway", 20.0)
    assert (pause.note, kill.note) == (
        f"gateway {server} stood still for 5 s",
        f"killed gateway {server}",
    )


async def test_a_fault_that_lasts_holds_up_the_next(server: int) -> None:
    loop = asyncio.get_running_loop()
    faults = [Fault("pause", 1.0), Fault("gateway", 2.0)]
    done: list[Done] = []
    await unleash(faults, System(server), loop.time, done)
    assert [each.at_seconds for each in done] == [1.0, 6.0]


async def test_a_run_that_is_over_leaves_nothing_broken(server: int) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(unleash([Fault("pause", 0.0)], System(server), loop.time, []))
        await asyncio.sleep(1.0)
        until(server, STOPPED)
        task.cancel()
    until(server, RUNNING)


@pytest.mark.real_time
async def test_a_disk_that_cannot_be_filled_takes_no_file_of_the_gateway(tmp_path: Path) -> None:
    written = tmp_path / "written"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(written), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        full = FillDisk(seconds=600)
        task = group.create_task(unleash_one(full, System(process.pid)))
        assert int(await process.stdout.readline()) == errno.EFBIG
        task.cancel()
    size = written.stat().st_size if written.exists() else 0
    async with asyncio.timeout(60):
        while not written.exists() or written.stat().st_size <= size:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    process.kill()
    await process.communicate()


async def unleash_one(strike: Strike, system: System) -> None:
    await strike(system)


@pytest.mark.parametrize(
    ("kind", "lacks"),
    [
        ("worker", "worker process"),
        ("nats", "NATS server"),
        ("ray-replica", "Ray replica"),
        ("postgres", "PostgreSQL"),
        ("stalled-database", "PostgreSQL"),
        ("clock-jump", "wall clock"),
    ],
)
async def test_what_the_system_lacks_is_named(server: int, kind: str, lacks: str) -> None:
    with pytest.raises(FaultError, match=lacks):
        await unleash([Fault(kind, 0.0)], System(server), lambda: 0.0, [])


def test_what_cannot_be_done_is_refused_before_anything_starts() -> None:
    check(["gateway", "nats", "pause"], gateways=2)
    with pytest.raises(FaultError, match="no fault 'flood', but worker"):
        check(["flood"], gateways=2)
    with pytest.raises(FaultError, match="gateway needs two"):
        check(["gateway"], gateways=1)
    with pytest.raises(FaultError, match="worker and ray-replica"):
        check(["worker", "ray-replica"], gateways=2)
