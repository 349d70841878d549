"""The bus that is configured."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from esapr.server.bus import Bus, BusError
from esapr.server.bus.local import LocalBus
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics


@asynccontextmanager
async def open_bus(config: ServerConfig, metrics: Metrics) -> AsyncIterator[Bus]:
    """Join the bus that is configured, until the block is left.

    Raises:
        BusError: it cannot be joined.
    """
    if config.bus == "local":
        yield LocalBus()
        return
    try:
        # NATS' client is installed with an extra only.
        from esapr.server.bus.nats import connected
    except ImportError as error:
        raise BusError(f"{error}; pip install 'esapr[cluster]'") from error
    async with connected(config.nats_url, metrics) as bus:
        yield bus
