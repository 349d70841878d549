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
        self._in_hand = False
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, item: T) -> bool:
        """Add ``item``; return whether an older one had to go."""
        displaced = self._slot.put(item)
        self._filled.set()
        self._idle.clear()
        return displaced is not None

    def clear(self) -> int:
        """Forget what waits; return how many items that were."""
        waiting = len(self._slot)
        for _ in range(waiting):
            self._slot.take()
        return waiting

    @property
    def full(self) -> bool:
        """Whether the next item would displace one."""
        return len(self._slot) >= self._capacity

    async def get(self) -> T:
        """Wait for an item and take it; the one before is dealt with."""
        self._in_hand = False
        while not len(self._slot):
            self._filled.clear()
            self._idle.set()
            await self._filled.wait()
        self._in_hand = True
        return self._slot.take()

    @property
    def unfinished(self) -> int:
        """Items that wait, and the one that was taken last, unless it is dealt with."""
        return len(self._slot) + self._in_hand

    async def idle(self) -> None:
        """Wait until every item is dealt with."""
        await self._idle.wait()
