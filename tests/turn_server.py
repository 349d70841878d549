"""A TURN server of its own for a test: Debian's coturn."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from esapr.load_tests.network.turn import turn_server
from esapr.server.config import ServerConfig
from tests.programs import program


@asynccontextmanager
async def coturn(address: str = "127.0.0.1") -> AsyncIterator[ServerConfig]:
    """Run a TURN server on ``address`` that relays on loopback; give the settings it goes with."""
    program("turnserver", "coturn")
    async with turn_server(address) as turn:
        yield ServerConfig(turn_urls=(turn.url,), turn_secret=turn.secret)
