"""What a scorer tells of single items and of the batch that they were in.

Knows no library that makes traces: who is asked for the caller of an item is told of it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from esapr.inference.stages import Run


@dataclass(frozen=True, slots=True)
class TracedItem:
    """An item whose ``caller`` wants to be told; added at that time of the loop's clock."""

    caller: object
    added: float


@dataclass(frozen=True, slots=True)
class TracedBatch:
    """A batch of ``size`` items, some of which are traced; times are those of the loop's clock."""

    stage: str
    size: int
    started: float
    ended: float
    items: Sequence[TracedItem]
    runs: Sequence[Run]


class BatchTracer(Protocol):
    """Follows items through batches."""

    def caller(self) -> object | None:
        """Return what the item that is being added belongs to, or None if nobody follows it."""

    def batch(self, batch: TracedBatch) -> None:
        """Note a batch that ran and had items that somebody follows."""
