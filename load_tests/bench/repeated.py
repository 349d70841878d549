"""What was measured several times: a median, and how far the repetitions lie apart."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Repeated:
    """Values of one figure, one a repetition."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """The figure to report."""
        return statistics.median(self.values)

    @property
    def noise(self) -> float:
        """The range over the median: 0.1 means that the repetitions lie within 10 %."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0


class Meter:
    """Items a second between two times, each batch counted by the share of it that lies there.

    Whole batches would make a short measurement depend on where the last one happened to end.
    """

    def __init__(self, start: float, end: float) -> None:
        """Count from ``start`` to ``end`` (seconds)."""
        self._start, self._end = start, end
        self._items = 0.0

    def add(self, began: float, ended: float, items: int) -> None:
        """Count ``items`` whose batch ran from ``began`` to ``ended``."""
        inside = min(ended, self._end) - max(began, self._start)
        if inside > 0:
            self._items += items * inside / (ended - began)

    @property
    def rate(self) -> float:
        """Items a second."""
        return self._items / (self._end - self._start)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that ``share`` of ``values`` do not exceed; None without any."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
