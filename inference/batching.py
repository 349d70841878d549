"""The batcher: which items run together, and when. No clock, no threads, no I/O.

A caller adds items and is told which were dropped; it asks when the next batch is due and takes
it. Time is the ``now`` argument, in seconds of any monotonic clock.

Policy: a batch is due when ``max_size`` items wait or when the oldest has waited ``wait``, which
the caller chooses (:mod:`esapr.inference.waiting`); ``max_wait`` bounds it.

Sessions take turns: each gets a place in a batch before any gets a second one, and where places
are short, those that were passed over longest come first. ``n`` sessions that wait are thus all
served within ``ceil(n / max_size)`` batches, however many items one of them adds. Among equals,
and inside a session, the earliest use-by is first.

An item past its use-by is returned as stale instead of being run. When ``max_pending`` items wait,
the newest item of the session with most items waiting makes room, so a noisy session displaces
its own work first.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import nsmallest
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How requests to one model are batched. Times are seconds.

    ``buckets`` are the batch sizes that are warmed, ascending; ``use_by`` is the age past which
    an item is answered as stale, not run.
    """

    buckets: tuple[int, ...]
    max_wait: float
    max_pending: int
    use_by: float

    @property
    def max_size(self) -> int:
        """Largest batch: the last bucket."""
        return self.buckets[-1]

    def bucket(self, size: int) -> int:
        """Return the smallest warmed batch size that holds ``size`` items."""
        return next(bucket for bucket in self.buckets if bucket >= size)


class DropReason(StrEnum):
    """Why an item was not run."""

    OVERLOADED = "overloaded"
    STALE = "stale"


@dataclass(slots=True, eq=False)
class Item(Generic[T]):
    """One request. ``payload`` is opaque here."""

    payload: T
    session: str
    added: float
    use_by: float


@dataclass(frozen=True, slots=True)
class Dropped(Generic[T]):
    """An item that will not run, and why."""

    item: Item[T]
    reason: DropReason


@dataclass(slots=True)
class Taken(Generic[T]):
    """A batch to run, and what went stale while it waited."""

    batch: list[Item[T]] = field(default_factory=list)
    dropped: list[Dropped[T]] = field(default_factory=list)


class Batcher(Generic[T]):
    """Collects items of all sessions for one model."""

    def __init__(self, limits: BatchLimits) -> None:
        """Start empty, under ``limits``."""
        self._limits = limits
        # In order of arrival; a dict, so that an item is found at once when its caller goes.
        self._pending: dict[Item[T], None] = {}
        # Number of the batch that last served a session; of sessions that wait only.
        self._batches = 0
        self._served: dict[str, int] = {}

    def __len__(self) -> int:
        """Return the number of items waiting."""
        return len(self._pending)

    def add(self, item: Item[T]) -> list[Dropped[T]]:
        """Queue ``item`` and return what had to go: never more than one, possibly ``item``.

        Call with times ``added`` that do not shrink.
        """
        self._pending[item] = None
        # A session that begins to wait is behind those that were passed over before it came.
        self._served.setdefault(item.session, self._batches)
        if len(self._pending) <= self._limits.max_pending:
            return []
        waiting = Counter(pending.session for pending in self._pending)
        most = max(waiting.values())
        victim = next(p for p in reversed(self._pending) if waiting[p.session] == most)
        del self._pending[victim]
        return [Dropped(victim, DropReason.OVERLOADED)]

    def discard(self, item: Item[T]) -> bool:
        """Forget an item whose caller has gone; return whether it was still waiting."""
        if item not in self._pending:
            return False
        del self._pending[item]
        return True

    def due_at(self, wait: float) -> float | None:
        """Return when :meth:`take` has something to do, or None while nothing waits.

        A time in the past means at once. ``wait`` is how long the oldest item waits for company.
        """
        if not self._pending:
            return None
        if len(self._pending) >= self._limits.max_size:
            return float("-inf")
        oldest = next(iter(self._pending))
        return oldest.added + min(wait, self._limits.max_wait)

    def take(self, now: float, wait: float) -> Taken[T]:
        """Remove and return the batch that is due at ``now``, and every stale item.

        The batch is empty when nothing is due; ``wait`` is that of :meth:`due_at`.
        """
        stale = [item for item in self._pending if item.use_by < now]
        self._remove(stale)
        taken: Taken[T] = Taken(dropped=[Dropped(item, DropReason.STALE) for item in stale])
        due = self.due_at(wait)
        if due is not None and due <= now:
            taken.batch = self._next()
            self._remove(taken.batch)
            self._batches += 1
            self._served |= dict.fromkeys((item.session for item in taken.batch), self._batches)
        self._served = {item.session: self._served[item.session] for item in self._pending}
        return taken

    def _next(self) -> list[Item[T]]:
        """Choose by turn within the session, then by who was passed over, then by use-by."""
        turn = dict.fromkeys(self._served, 0)
        order: list[tuple[int, int, float, int, Item[T]]] = []
        by_use_by = sorted(self._pending, key=lambda item: item.use_by)
        for position, item in enumerate(by_use_by):
            session = item.session
            # The position decides before items would be compared.
            order.append((turn[session], self._served[session], item.use_by, position, item))
            turn[session] += 1
        return [item for *_, item in nsmallest(self._limits.max_size, order)]

    def _remove(self, items: list[Item[T]]) -> None:
        for item in items:
            del self._pending[item]
