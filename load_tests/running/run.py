"""A load test from its scenario to its result."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import aiohttp
from msgspec.structs import replace
from yarl import URL

from esapr.load_tests.chaos import FaultError
from esapr.load_tests.chaos.cost import Done, outcomes
from esapr.load_tests.chaos.system import System
from esapr.load_tests.chaos.unleash import unleash
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.network.profiles import NetworkError, profile
from esapr.load_tests.reports.scraper import Spent
from esapr.load_tests.reports.scraping import Scraping
from esapr.load_tests.result import VERSION, Result, Summary
from esapr.load_tests.running.attending import GRACE_SECONDS
from esapr.load_tests.running.crew import Driver, crew
from esapr.load_tests.running.ledger import Ledger
from esapr.load_tests.running.machine import this_machine
from esapr.load_tests.running.schedule import stays
from esapr.load_tests.running.target import Target
from esapr.load_tests.running.verdict import misses
from esapr.load_tests.scenario import Scenario, ScenarioError
from esapr.load_tests.server_process import READY_SECONDS, ServerProcess

START_SECONDS = 0.5
"""Between the last process of the harness getting ready and the run's clock being 0."""

PARTING_SECONDS = 60.0
"""Longest that the processes may take to end, after the end of the last session."""

Watch = Callable[[Ledger, Scraping, float], None]
"""Called each second with what has been counted, what the server says, and the run's clock."""


async def run(scenario: Scenario, clip: Path, target: Target, watch: Watch) -> Result:
    """Play ``scenario`` with ``clip`` against ``target``.

    Raises:
        ScenarioError: the network profile is unknown, or the server not one to do faults to.
        DriverError: a process of the harness could not get ready.
        aiohttp.ClientError, TimeoutError: the server cannot be reached, or does not get ready.
    """
    _check(scenario, target)
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
        done, failures = await _play(
            drivers, ledger, scraping, scenario=scenario, target=target, watch=watch
        )
    return _result(scenario, target, ledger, scraping, started_at, done=done, failures=failures)


def _spent(process: ServerProcess) -> Callable[[], Spent]:
    return lambda: Spent(process.cpu_seconds, process.memory_mb)


def _check(scenario: Scenario, target: Target) -> None:
    try:
        profile(scenario.network)
    except NetworkError as error:
        raise ScenarioError(str(error)) from error
    if scenario.chaos and target.system is None:
        raise ScenarioError("`chaos`: faults are done to a server that the load test starts")


async def _until_ready(url: str) -> None:
    connector = aiohttp.TCPConnector(force_close=True)
    async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession(connector=connector) as http:
        await Gateway(http, URL(url)).until_ready()


async def _play(
    drivers: list[Driver],
    ledger: Ledger,
    scraping: Scraping,
    *,
    scenario: Scenario,
    target: Target,
    watch: Watch,
) -> tuple[list[Done], list[str]]:
    """Play to the end; return the faults that were done, and what went wrong in the harness."""
    loop = asyncio.get_running_loop()
    epoch = loop.time() + START_SECONDS

    def now() -> float:
        return loop.time() - epoch

    for driver in drivers:
        driver.start(epoch)
    async with asyncio.TaskGroup() as group:
        scrape = group.create_task(scraping.run(now))
        watching = group.create_task(_watch(ledger, scraping, now, watch))
        done: list[Done] = []
        breaking = group.create_task(_break(scenario, target.system, now, done))
        following = [group.create_task(driver.follow(ledger, now)) for driver in drivers]
        longest = epoch + scenario.ends_at + GRACE_SECONDS + PARTING_SECONDS - loop.time()
        _, late = await asyncio.wait(following, timeout=longest)
        watching.cancel()
        scrape.cancel()
        breaking.cancel()
        for driver in drivers:
            await driver.end()
    # What was counted since the last second.
    await scraping.read(now())
    failures = [failure for task in following if (failure := task.result())]
    failures += ["the harness did not end in time"] if late else []
    over = ["the run was over before its last fault"]
    failures += over if breaking.cancelled() else breaking.result()
    return done, failures


async def _break(
    scenario: Scenario, system: System | None, now: Callable[[], float], done: list[Done]
) -> list[str]:
    """Do the faults; return what kept the harness from it."""
    if system is not None:
        try:
            await unleash(scenario.chaos, system, now, done)
        except FaultError as error:
            return [str(error)]
    return []


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
    done: list[Done],
    failures: list[str],
) -> Result:
    end = scenario.ends_at
    sessions = ledger.sessions(end)
    result = Result(
        version=VERSION,
        scenario=scenario,
        started_at=started_at.isoformat(timespec="seconds"),
        machine=this_machine(),
        server_version=version("esapr") if target.process else "",
        summary=_summary(ledger, end),
        misses=[],
        sessions=sessions,
        seconds=ledger.seconds(end),
        server=[each for each in scraping.samples if 0 <= each.at_seconds <= end],
        stages=scraping.scraper.stages,
        drops=scraping.scraper.drops,
        batch_sizes=scraping.scraper.batch_sizes,
        level_changes=ledger.level_changes(),
        faults=outcomes(done, sessions),
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
