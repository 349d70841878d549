"""A bounded queue that keeps the latest. No asyncio, no clock."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """Holds at most ``capacity`` items; a newer one displaces the oldest.

    With capacity one this is the flow limiter of MediaPipe: one item in flight, one waiting.
    """

    def __init__(self, capacity: int) -> None:
        """Start empty.

        Raises:
            ValueError: ``capacity`` is less than one.
        """
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, got {capacity}")
        self._capacity = capacity
        self._items: deque[T] = deque()

    def __len__(self) -> int:
        """Return the number of items waiting."""
        return len(self._items)

    def put(self, item: T) -> T | None:
        """Add ``item`` and return the one it displaced, if any."""
        self._items.append(item)
        return self._items.popleft() if len(self._items) > self._capacity else None

    def take(self) -> T:
        """Remove and return the oldest item.

        Raises:
            IndexError: the slot is empty.
        """
        return self._items.popleft()
