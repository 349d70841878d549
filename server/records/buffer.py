"""What waits to be written. No asyncio, no clock.

Rows are bounded: the oldest one goes when there are too many. What a session is and that it has
ended is kept whatever happens; that is one entry a session.
"""

from collections import deque
from dataclasses import dataclass, field

from esapr.server.records.rows import Closing, Facts, Row

MAX_ROWS = 50_000
"""Rows that wait at most: ten minutes of 64 sessions with a state a second."""

BATCH_ROWS = 1_000
"""Rows of one transaction."""


@dataclass(slots=True)
class Batch:
    """What one transaction writes."""

    openings: list[Facts] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)


class Buffer:
    """Rows in the order in which they came, and what concerns whole sessions."""

    def __init__(self, capacity: int = MAX_ROWS) -> None:
        """Keep at most ``capacity`` rows."""
        self._capacity = capacity
        self._rows: deque[Row] = deque()
        self._openings: dict[str, Facts] = {}
        self._closings: dict[str, Closing] = {}

    def __len__(self) -> int:
        """Return the number of rows that wait."""
        return len(self._rows)

    def open(self, facts: Facts) -> None:
        """Add a session; rows of a session are only written once it is there."""
        self._openings[facts.session] = facts

    def add(self, row: Row) -> int:
        """Add a row and return how many were displaced."""
        self._rows.append(row)
        return self._trim()

    def close(self, closing: Closing) -> None:
        """Note how a session ended."""
        self._closings[closing.session] = closing

    def forget(self, session: str) -> None:
        """Forget what waits of a session."""
        self._openings.pop(session, None)
        self._closings.pop(session, None)
        self._rows = deque(row for row in self._rows if row.session != session)

    def take(self) -> Batch | None:
        """Remove and return what is to be written next, or None if nothing waits."""
        count = min(BATCH_ROWS, len(self._rows))
        batch = Batch(
            openings=list(self._openings.values()),
            rows=[self._rows.popleft() for _ in range(count)],
            # An ending counts once all that came before it is there.
            closings=[] if self._rows else list(self._closings.values()),
        )
        self._openings.clear()
        if not self._rows:
            self._closings.clear()
        anything = batch.openings or batch.rows or batch.closings
        return batch if anything else None

    def give_back(self, batch: Batch) -> int:
        """Put back what could not be written; return how many rows were displaced."""
        self._rows.extendleft(reversed(batch.rows))
        for facts in batch.openings:
            self._openings.setdefault(facts.session, facts)
        for closing in batch.closings:
            self._closings.setdefault(closing.session, closing)
        return self._trim()

    def _trim(self) -> int:
        displaced = max(0, len(self._rows) - self._capacity)
        for _ in range(displaced):
            self._rows.popleft()
        return displaced
