"""A load test from its scenario to its result."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
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
from esapr.load_tests.reports.scraper import Spent
from esapr.load_tests.reports.scraping import Scraping
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

Watch = Callable[[Ledger, Scraping, float], None]
"""Called each second with what has been counted, what the server says, and the run's clock."""

PORTS = range(20_000, 32_000)
"""Where the gateways of an own server answer for their metrics: no outgoing connection of Linux
takes one of these first."""


@dataclass(frozen=True, slots=True)
class Target:
    """The server under test; ``process`` is there if the harness started it."""

    url: str
    key: str | None = None
    process: ServerProcess | None = None
    metrics: Sequence[str] = ()
    """Addresses of the metrics of all gateways; empty: those of a server that is one process."""


@asynccontextmanager
async def own_server(scenario: Scenario) -> AsyncIterator[Target]:
    """Start the server of a scenario, with a TURN server where it needs one; end it on leaving.

    Raises:
        ServerProcessError: it did not start.
        ScenarioError: the network profile is unknown, or cannot be had here.
    """
    command, metrics = serving(scenario.gateways)
    async with AsyncExitStack() as stack:
        try:
            if profile(scenario.network).relayed:
                turn = await stack.enter_async_context(turn_server())
                command = (*turn.prefix, *command)
        except NetworkError as error:
            raise ScenarioError(str(error)) from error
        process = await stack.enter_async_context(server_process(command))
        yield Target(process.url, process=process, metrics=metrics)


def serving(gateways: int) -> tuple[Sequence[str], list[str]]:
    """Return a command that serves with so many processes, and where each has its metrics.

    One process has them where it serves, which is known when it does: the list is empty.
    """
    if gateways == 1:
        return SERVE, []
    port = _free_ports(gateways)
    metrics = [f"http://127.0.0.1:{port + index}/metrics" for index in range(gateways)]
    command = ("env", f"ESAPR_INTERNAL_PORT={port}", *SERVE, "--processes", f"{gateways}")
    return command, metrics


def _free_ports(count: int) -> int:
    """Return the first of ``count`` ports in a row that nobody listens on."""
    while True:
        first = random.randrange(PORTS.start, PORTS.stop - count)
        with ExitStack() as held, suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
            return first


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
    async with (
        crew(target.url, target.key, clip, scenario, planned) as drivers,
        aiohttp.ClientSession() as http,
    ):
        addresses = target.metrics or (f"{URL(target.url) / 'metrics'}",)
        spent = _spent(target.process) if target.process else None
        scraping = Scraping(http, addresses, spent)
        started_at = datetime.now(UTC)
        failures = await _play(drivers, ledger, scraping, scenario, watch)
    return _result(scenario, target, ledger, scraping, started_at, failures=failures)


def _spent(process: ServerProcess) -> Callable[[], Spent]:
    return lambda: Spent(process.cpu_seconds, process.memory_mb)


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
    drivers: list[Driver], ledger: Ledger, scraping: Scraping, scenario: Scenario, watch: Watch
) -> list[str]:
    """Play to the end; return what went wrong in the harness."""
    loop = asyncio.get_running_loop()
    epoch = loop.time() + START_SECONDS

    def now() -> float:
        return loop.time() - epoch

    for driver in drivers:
        driver.start(epoch)
    async with asyncio.TaskGroup() as group:
        scrape = group.create_task(scraping.run(now))
        watching = group.create_task(_watch(ledger, scraping, now, watch))
        following = [group.create_task(driver.follow(ledger, now)) for driver in drivers]
        longest = epoch + scenario.ends_at + GRACE_SECONDS + PARTING_SECONDS - loop.time()
        _, late = await asyncio.wait(following, timeout=longest)
        watching.cancel()
        scrape.cancel()
        for driver in drivers:
            await driver.end()
    # What was counted since the last second.
    await scraping.read(now())
    failures = [failure for task in following if (failure := task.result())]
    return [*failures, *(["the harness did not end in time"] if late else [])]


async def _watch(
    ledger: Ledger, scraping: Scraping, now: Callable[[], float], watch: Watch
) -> None:
    while True:
        await asyncio.sleep(1 - now() % 1)
        watch(ledger, scraping, now())


def _result(
    scenario: Scenario,
    target: Target,
    ledger: Ledger,
    scraping: Scraping,
    started_at: datetime,
    *,
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
        server=[each for each in scraping.samples if 0 <= each.at_seconds <= end],
        stages=scraping.scraper.stages,
        drops=scraping.scraper.drops,
        batch_sizes=scraping.scraper.batch_sizes,
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
