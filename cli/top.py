"""``esapr top``: what gateways do at the moment, in a terminal."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import aiohttp
import click
from rich.console import Console
from rich.live import Live
from yarl import URL

from esapr.cli.top_view import Look, screen
from esapr.load_tests.reports.exposition import Reading

ANSWER_SECONDS = 2.0
"""A gateway that has not answered by then is shown as one that does not."""


@click.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "--every",
    type=click.FloatRange(min=0.2),
    default=2.0,
    help="Seconds between two looks (default 2).",
)
@click.option("--once", is_flag=True, help="Look twice, print that and exit.")
@click.pass_context
def top(context: click.Context, urls: tuple[str, ...], every: float, once: bool) -> None:
    """Show sessions, states, lateness, queues and drops of gateways until interrupted.

    URL is where a gateway answers /metrics, by default http://127.0.0.1:8000; give several for
    several gateways. With --once the exit status is 1 if one of them does not answer.
    """
    addresses = {url: _metrics_of(url) for url in urls or ("http://127.0.0.1:8000",)}
    with suppress(KeyboardInterrupt):
        if not asyncio.run(_show(addresses, every, once=once)):
            context.exit(1)


def _metrics_of(url: str) -> URL:
    try:
        address = URL(url)
    except ValueError:
        address = URL()
    if address.scheme not in ("http", "https") or not address.host:
        raise click.BadParameter(f"{url!r} is not of the form http://HOST:PORT")
    return address if address.path.endswith("/metrics") else address / "metrics"


async def _show(addresses: Mapping[str, URL], every: float, *, once: bool) -> bool:
    """Show what the gateways do; return, if ``once``, whether all of them answer."""
    console = Console()
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        before = await _looks(http, addresses)
        if once:
            await asyncio.sleep(every)
            after = await _looks(http, addresses)
            console.print(screen(before, after))
            return all(look.reading for look in after.values())
        with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
            while True:
                await asyncio.sleep(every)
                after = await _looks(http, addresses)
                live.update(screen(before, after), refresh=True)
                before = after


async def _looks(http: aiohttp.ClientSession, addresses: Mapping[str, URL]) -> dict[str, Look]:
    looks = await asyncio.gather(*(_look(http, url) for url in addresses.values()))
    return dict(zip(addresses, looks, strict=True))


async def _look(http: aiohttp.ClientSession, url: URL) -> Look:
    reading = None
    # A body that is no exposition is no answer of a gateway.
    with suppress(aiohttp.ClientError, TimeoutError, ValueError):
        async with http.get(url, raise_for_status=True) as response:
            reading = Reading.of(await response.text())
    return Look(asyncio.get_running_loop().time(), reading)
