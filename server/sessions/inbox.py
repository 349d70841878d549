"""A slot that a task can wait on."""

import asyncio
from typing import Generic, TypeVar

from esapr.server.media.slot import Slot

T = TypeVar("T")


class Inbox(Generic[T]):
    """The asyncio shell of a :class:`Slot`: one producer side, one consumer task."""

    def __init__(self, capacity: int) -> None:
        """Hold at most ``capacity`` items."""
        self._slot: Slot[T] = Slot(capacity)
        self._capacity = capacity
        self._filled = asyncio.Event()

    def put(self, item: T) -> bool:
        """Add ``item``; return whether an older one had to go."""
        displaced = self._slot.put(item)
        self._filled.set()
        return displaced is not None

    @property
    def full(self) -> bool:
        """Whether the next item would displace one."""
        return len(self._slot) >= self._capacity

    async def get(self) -> T:
        """Wait for an item and take it."""
        while not len(self._slot):
            self._filled.clear()
            await self._filled.wait()
        return self._slot.take()
