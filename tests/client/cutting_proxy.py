"""A network between a client and a server that goes away when a test says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

LOST = (ConnectionError, asyncio.IncompleteReadError)


class CuttingProxy:
    """Passes bytes on; :meth:`cut` resets every connection, as a network that goes away does."""

    def __init__(self, url: str) -> None:
        self.url_behind = url
        self._writers: set[asyncio.StreamWriter] = set()
        self.url = ""
        self.connections: set[asyncio.Task[None]] = set()
        self.refusing = False
        self.refused = asyncio.Event()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            self.refused.set()
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        behind = urlsplit(self.url_behind)
        there = await asyncio.open_connection(behind.hostname, behind.port)
        self._writers |= {writer, there[1]}
        async with asyncio.TaskGroup() as group:
            group.create_task(self._copy(reader, there[1]))
            group.create_task(self._copy(there[0], writer))
        self._writers -= {writer, there[1]}

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(*LOST):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def cutting_proxy(url: str) -> AsyncIterator[CuttingProxy]:
    """Stand before the server at ``url``."""
    proxy = CuttingProxy(url)
    async with await asyncio.start_server(proxy.pass_on, "127.0.0.1", 0) as server:
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield proxy
        proxy.cut()
        server.close()
        # Each connection sees that both of its ends are gone.
        await asyncio.gather(*proxy.connections)
