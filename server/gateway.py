"""A gateway among others: its address for them, its lease and the sessions that come and go."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
import structlog

from esapr.server.bus.directory import Directory
from esapr.server.http.elsewhere import ANSWER_SECONDS, refuse_successor
from esapr.server.metrics import Metrics
from esapr.server.sessions.admission import Sessions
from esapr.server.sessions.ownership import Ownership

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Gateway:
    """What makes a server one of several; ``listener`` is where the others reach it."""

    ownership: Ownership
    listener: socket.socket
    http: aiohttp.ClientSession
    renewing: asyncio.Task[None]

    async def hand_over(self, seconds: float) -> None:
        """Give up every session within ``seconds``; those that are not given up end."""
        self.renewing.cancel()
        await asyncio.wait([self.renewing])
        try:
            async with asyncio.timeout(seconds):
                await self.ownership.hand_over()
        except TimeoutError:
            log.warning("handed_over_in_part")


@asynccontextmanager
async def joined(
    listener: socket.socket, directory: Directory, sessions: Sessions, metrics: Metrics
) -> AsyncIterator[Gateway]:
    """Join the gateways of ``directory``.

    ``listener`` is bound to the address that the others are given.
    """
    host, port = listener.getsockname()[:2]
    ownership = Ownership(directory, uuid4().hex, f"http://{host}:{port}", sessions, metrics)
    await ownership.renew()
    sessions.owner = ownership
    log.info("joined", port=port)
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    http = aiohttp.ClientSession(timeout=timeout, raise_for_status=refuse_successor)
    async with http, asyncio.TaskGroup() as group:
        renewing = group.create_task(ownership.run())
        yield Gateway(ownership, listener, http, renewing)
        renewing.cancel()
