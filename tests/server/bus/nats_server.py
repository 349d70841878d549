"""A real NATS server, and gateways that it joins."""

import asyncio
import shutil
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from esapr.server.app import Server
from tests.serving import running_server

NATS = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or "nats-server"


class NatsServer:
    """A NATS server that can be killed and started again on its port."""

    def __init__(self, folder: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self.port}"
        self.folder = folder
        self._process: Process | None = None

    async def start(self) -> None:
        where = ("-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", self.folder)
        self._process = await asyncio.create_subprocess_exec(
            NATS, *where, stdout=DEVNULL, stderr=DEVNULL
        )
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except ConnectionError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return

    async def kill(self) -> None:
        if self._process:
            self._process.kill()
            await self._process.wait()
            self._process = None


@asynccontextmanager
async def nats_server() -> AsyncIterator[NatsServer]:
    with TemporaryDirectory() as folder:
        server = NatsServer(folder)
        await server.start()
        try:
            yield server
        finally:
            await server.kill()


def gateway_of(nats: NatsServer) -> AbstractAsyncContextManager[Server]:
    """A gateway that knows the keys of all those of ``nats``."""
    return running_server(bus="nats", nats_url=nats.url, state_dir=nats.folder)


@asynccontextmanager
async def gateways(nats: NatsServer) -> AsyncIterator[list[aiohttp.ClientSession]]:
    """Two gateways, each by the client that speaks to it."""
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(2):
            running = await stack.enter_async_context(gateway_of(nats))
            clients.append(await stack.enter_async_context(aiohttp.ClientSession(running.url)))
        yield clients
