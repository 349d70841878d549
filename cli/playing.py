"""Plays a scenario, and shows on standard error how far it is."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import click
from rich.console import Console

from esapr.cli.failures import told
from esapr.load_tests.reports.terminal import Progress
from esapr.load_tests.result import Result
from esapr.load_tests.running.crew import DriverError
from esapr.load_tests.running.run import run
from esapr.load_tests.running.target import Target, own_server
from esapr.load_tests.scenario import Scenario
from esapr.load_tests.server_process import ServerProcessError

_FAILURES = (DriverError, ServerProcessError, aiohttp.ClientError, OSError, TimeoutError)


def play(
    scenario: Scenario,
    clip: Path,
    *,
    url: str | None = None,
    key: str | None = None,
    metrics: Sequence[str] = (),
) -> Result:
    """Play against the server at ``url``, or one of its own.

    Raises:
        ScenarioError: it names what there is not.
        click.ClickException: the server, or a process of the harness, could not be used.
        click.Abort: the process was asked to end.
    """
    with told(*_FAILURES):
        try:
            return asyncio.run(_play(scenario, clip, url, key, metrics))
        except asyncio.CancelledError:
            raise click.Abort from None


async def _play(
    scenario: Scenario, clip: Path, url: str | None, key: str | None, metrics: Sequence[str]
) -> Result:
    this = asyncio.current_task()
    assert this is not None
    # As Ctrl-C does, it ends whatever was started, and mends what a fault has broken.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    async with _target(scenario, url, key, metrics) as target:
        click.echo(f"{scenario.name}: {scenario.ends_at:g} s against {target.url}", err=True)
        with Progress(scenario, Console(stderr=True)) as progress:
            return await run(scenario, clip, target, progress.watch)


@asynccontextmanager
async def _target(
    scenario: Scenario, url: str | None, key: str | None, metrics: Sequence[str]
) -> AsyncIterator[Target]:
    if url is not None:
        yield Target(url, key, metrics=metrics)
        return
    click.echo("Starting a server; the models warm up.", err=True)
    async with own_server(scenario) as target:
        yield target
