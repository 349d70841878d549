"""The intervals of a session's states."""

import asyncio
from collections.abc import AsyncIterator, Callable

MAX_CATCH_UP = 5
"""Ticks that are made up for after a stall; beyond, the states skip the lost time."""


async def ticks(
    now: Callable[[], float], seconds: Callable[[], float], start: float
) -> AsyncIterator[tuple[float, float]]:
    """Yield each interval (start and end in seconds of ``now``) when it is over, from ``start``."""
    while True:
        tick = seconds()
        end = start + tick
        await asyncio.sleep(end - now())
        late = now() - end
        yield start, end
        start = now() if late > MAX_CATCH_UP * tick else end
