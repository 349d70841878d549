"""A load test from its scenario to its result."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import aiohttp
from msgspec.structs import replace
from yarl import URL

from esapr.load_tests.gateway import Gateway
from esapr.load_tests.network.profiles import NetworkError, profile
from esapr.load_tests.network.turn import turn_server
from esapr.load_tests.result import VERSION, Result, Summary
from esapr.load_tests.running.attending import GRACE_SECONDS
from esapr.load_tests.running.crew import Driver, crew
from esapr.load_tests.running.ledger import Ledger
from esapr.load_tests.running.machine import this_machine
from esapr.load_tests.running.schedule import stays
from esapr.load_tests.running.verdict import misses
from esapr.load_tests.scenario import Scenario, ScenarioError
from esapr.load_tests.server_process import READY_SECONDS, SERVE, ServerProcess, server_process

START_SECONDS = 0.5
"""Between the last process of the harness getting ready and the run's clock being 0."""

PARTING_SECONDS = 60.0
"""Longest that the processes may take to end, after the end of the last session."""

Watch = Callable[[Ledger, float], None]
"""Called each second with what has been counted, and the run's clock."""


@dataclass(frozen=True, slots=True)
class Target:
    """The server under test; ``process`` is there if the harness started it."""

    url: str
    key: str | None = None
    process: ServerProcess | None = None


@asynccontextmanager
async def own_server(scenario: Scenario) -> AsyncIterator[Target]:
    """Start the server of a scenario, with a TURN server where it needs one; end it on leaving.

    Raises:
        ServerProcessError: it did not start.
        ScenarioError: the network profile is unknown, or cannot be had here.
    """
    gateways = scenario.gateways
    command = SERVE if gateways == 1 else (*SERVE, "--processes", f"{gateways}")
    async with AsyncExitStack() as stack:
        try:
            if profile(scenario.network).relayed:
                turn = await stack.enter_async_context(turn_server())
                command = (*turn.prefix, *command)
        except NetworkError as error:
            raise ScenarioError(str(error)) from error
        process = await stack.enter_async_context(server_process(command))
        yield Target(process.url, process=process)


async def run(scenario: Scenario, clip: Path, target: Target, watch: Watch) -> Result:
    """Play ``scenario`` with ``clip`` against ``target``.

    Raises:
        ScenarioError: the network profile or a fault is unknown.
        DriverError: a process of the harness could not get ready.
        aiohttp.ClientError, TimeoutError: the server cannot be reached, or does not get ready.
    """
    _check_known(scenario)
    await _until_ready(target.url)
    planned = stays(scenario)
    ledger = Ledger(planned)
    async with crew(target.url, target.key, clip, scenario, planned) as drivers:
        started_at = datetime.now(UTC)
        failures = await _play(drivers, ledger, scenario, watch)
    return _result(scenario, target, ledger, started_at, failures)


def _check_known(scenario: Scenario) -> None:
    try:
        profile(scenario.network)
    except NetworkError as error:
        raise ScenarioError(str(error)) from error
    for fault in scenario.chaos:
        raise ScenarioError(f"`chaos`: there is no fault {fault.kind!r}")


async def _until_ready(url: str) -> None:
    connector = aiohttp.TCPConnector(force_close=True)
    async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession(connector=connector) as http:
        await Gateway(http, URL(url)).until_ready()


async def _play(
    drivers: list[Driver], ledger: Ledger, scenario: Scenario, watch: Watch
) -> list[str]:
    """Play to the end; return what went wrong in the harness."""
    loop = asyncio.get_running_loop()
    epoch = loop.time() + START_SECONDS

    def now() -> float:
        return loop.time() - epoch

    for driver in drivers:
        driver.start(epoch)
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_watch(ledger, now, watch))
        following = [group.create_task(driver.follow(ledger, now)) for driver in drivers]
        longest = epoch + scenario.ends_at + GRACE_SECONDS + PARTING_SECONDS - loop.time()
        _, late = await asyncio.wait(following, timeout=longest)
        watching.cancel()
        for driver in drivers:
            await driver.end()
    failures = [failure for task in following if (failure := task.result())]
    return [*failures, *(["the harness did not end in time"] if late else [])]


async def _watch(ledger: Ledger, now: Callable[[], float], watch: Watch) -> None:
    while True:
        await asyncio.sleep(1 - now() % 1)
        watch(ledger, now())


def _result(
    scenario: Scenario,
    target: Target,
    ledger: Ledger,
    started_at: datetime,
    failures: list[str],
) -> Result:
    end = scenario.ends_at
    result = Result(
        version=VERSION,
        scenario=scenario,
        started_at=started_at.isoformat(timespec="seconds"),
        machine=this_machine(),
        server_version=version("esapr") if target.process else "",
        summary=_summary(ledger, end),
        misses=[],
        sessions=ledger.sessions(end),
        seconds=ledger.seconds(end),
        server=[],
        stages=[],
        drops={},
        batch_sizes={},
        level_changes=ledger.level_changes(),
        faults=[],
        failures=failures,
    )
    return judged(result)


def judged(result: Result) -> Result:
    """Return ``result`` with its verdict: the thresholds that it missed, and whether it passed."""
    missed = misses(
        result.scenario.thresholds, result.summary, result.sessions, result.server, result.faults
    )
    passed = not missed and not result.failures
    return replace(result, misses=missed, summary=replace(result.summary, passed=passed))


def _summary(ledger: Ledger, end: float) -> Summary:
    totals = ledger.totals(end)
    return Summary(
        peers=totals.sessions,
        states_due=totals.due,
        states_received=totals.received,
        states_fused=totals.fused,
        due_share=_share(totals.received, totals.due),
        p50_ms=totals.p50_ms,
        p95_ms=totals.p95_ms,
        p99_ms=totals.p99_ms,
        accuracy=_share(totals.right, totals.judged),
        states_judged=totals.judged,
        coverage=_share(totals.fused, totals.due),
        gaps=totals.due - totals.received,
        lost_sessions=totals.lost_sessions,
        reconnects=totals.reconnects,
        harness_cores=ledger.cpu_seconds / end,
        passed=False,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
