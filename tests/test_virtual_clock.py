"""The clock that the other tests trust."""

import asyncio
import time

import pytest

from tests.virtual_clock import StalledError, VirtualClockLoop


async def test_ten_minutes_pass_at_once() -> None:
    loop = asyncio.get_running_loop()
    started = time.perf_counter()

    for _ in range(600):
        await asyncio.sleep(1)

    assert loop.time() == pytest.approx(600)
    assert time.perf_counter() - started < 1


async def test_sleepers_wake_in_the_order_of_their_timers() -> None:
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, asyncio.get_running_loop().time()))

    async with asyncio.TaskGroup() as group:
        for name, seconds in (("late", 3.0), ("early", 0.5), ("middle", 2.0)):
            group.create_task(sleep(name, seconds))

    assert woken == [("early", 0.5), ("middle", 2.0), ("late", 3.0)]


async def test_a_timeout_strikes_at_its_time() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await asyncio.Event().wait()

    assert asyncio.get_running_loop().time() == pytest.approx(5)


async def test_a_thread_costs_no_simulated_time() -> None:
    async with asyncio.timeout(0.001):
        await asyncio.to_thread(time.sleep, 0.01)

    assert asyncio.get_running_loop().time() == 0


def test_a_test_that_cannot_go_on_fails_instead_of_hanging() -> None:
    async def wait_for_nobody() -> None:
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner, pytest.raises(StalledError):
        runner.run(wait_for_nobody())


@pytest.mark.real_time
async def test_a_test_marked_real_time_waits_in_earnest() -> None:
    started = time.perf_counter()

    await asyncio.sleep(0.01)

    assert time.perf_counter() - started >= 0.009


def test_a_leaked_task_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "from tests.conftest import *\nfrom tests.conftest import _no_leaked_tasks"
    )
    pytester.makepyfile(
        """
        import asyncio

        async def test_leaks():
            asyncio.get_running_loop().create_task(asyncio.sleep(60), name="left behind")
        """
    )

    outcome = pytester.runpytest_inprocess(
        "--asyncio-mode=auto", "--override-ini=asyncio_default_fixture_loop_scope=function"
    )

    outcome.assert_outcomes(passed=1, errors=1)
    outcome.stdout.fnmatch_lines(["*tasks outlive the test*left behind*"])
