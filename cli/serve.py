"""``esapr serve``: run the server until SIGTERM or SIGINT."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import click
import structlog

from esapr.cli.failures import told
from esapr.cli.processes import run as run_processes
from esapr.inference.cards import ModelError
from esapr.server import logs
from esapr.server.app import serve as run_server
from esapr.server.bus import BusError
from esapr.server.config import ConfigError, ServerConfig
from esapr.server.heaps import share_heaps
from esapr.server.records import RecordsError
from esapr.server.support import SupportError
from esapr.server.trust import TrustError
from esapr.server.trust.key_file import check_keys
from esapr.web_client import STATIC

log = structlog.get_logger()


@click.command()
@click.option("--host", help="Address to bind (default 127.0.0.1).")
@click.option("--port", type=int, help="TCP port (default 8000; 0 takes a free one).")
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    default=1,
    help="Gateways that share the port (default 1).",
)
@click.option("--until-eof", is_flag=True, help="Stop, too, when standard input ends.")
def serve(host: str | None, port: int | None, processes: int, until_eof: bool) -> None:
    """Run the server. Other settings come from ESAPR_* variables."""
    try:
        config = ServerConfig.from_environ(host=host, port=port)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    logs.configure(json=config.log_json)
    share_heaps()
    try:
        with told(BusError, ConfigError, ModelError, RecordsError, SupportError, TrustError):
            asyncio.run(_serve(config, processes, until_eof))
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {config.host}:{config.port}: {error}"
        ) from None


async def _serve(config: ServerConfig, processes: int, until_eof: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with _stopping_at_eof(stop) if until_eof else nullcontext():
        if processes > 1:
            check_keys(config)
            await run_processes(config, processes, stop)
            return
        async with run_server(config, STATIC, stop=stop) as server:
            click.echo(f"ESAPR serves on {server.url}", err=True)
            await stop.wait()
            log.info("stopping")


@asynccontextmanager
async def _stopping_at_eof(stop: asyncio.Event) -> AsyncIterator[None]:
    """Set ``stop`` when standard input, a pipe, ends."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )

    async def wait_for_the_end() -> None:
        while await reader.read(65_536):
            pass
        stop.set()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(wait_for_the_end())
        yield
        task.cancel()
    transport.close()
