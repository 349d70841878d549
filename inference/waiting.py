"""How long a batch waits for company: a pure function of the load. No clock, no threads, no I/O.

Waiting costs everyone in the batch its time, so it must buy something. A batch of ``b`` items keeps
a worker busy for ``s(b)`` seconds; ``λ`` items a second in batches of ``b`` keep ``λ·s(b)/b``
workers busy. A queue served in bulk is stable while that is below the number of workers (Bailey
1954, On queueing processes with bulk service; Neuts 1967), and its delay grows without bound on
the way there. Hence the rule: form the smallest batches that keep the workers at :data:`TARGET`
at most, and wait as long as their other members take to arrive, ``(b - 1) / λ``.

An idle server keeps up with single items, so nothing waits. Where a batch costs as much as its
items one by one (a CPU), larger batches never help and nothing waits at any load; while every
worker is busy, batches fill up without a rule.
"""

import math
from collections.abc import Mapping

TARGET = 0.7
"""Share of the workers' time: a queue's delay there is about one run (M/D/1: u / 2(1 - u))."""

MEMORY = 2.0
"""Seconds after which an event counts for 1/e in a rate."""

NEWEST = 0.1
"""Weight of the newest run time in the mean of its batch size."""


class Rate:
    """What happens a second, recent events counting more: a sum that decays exponentially."""

    def __init__(self) -> None:
        """Start at zero."""
        self._sum = 0.0
        self._at = 0.0

    def add(self, amount: float, now: float) -> None:
        """Note ``amount`` at ``now`` (seconds); call with times that do not shrink."""
        self._sum = self._sum * math.exp((self._at - now) / MEMORY) + amount
        self._at = now

    def at(self, now: float) -> float:
        """Return the amount a second at ``now``."""
        return self._sum * math.exp((self._at - now) / MEMORY) / MEMORY


class Load:
    """What one model is asked for and what its batches cost. Times are seconds."""

    def __init__(self) -> None:
        """Start idle."""
        self._arrivals = Rate()
        self._busy = Rate()
        self._run_seconds: dict[int, float] = {}

    def arrived(self, now: float) -> None:
        """Note an item."""
        self._arrivals.add(1.0, now)

    def ran(self, rows: int, seconds: float, now: float) -> None:
        """Note a batch of ``rows`` rows that kept a worker busy for ``seconds``."""
        self._busy.add(seconds, now)
        mean = self._run_seconds.setdefault(rows, seconds)
        self._run_seconds[rows] = mean + NEWEST * (seconds - mean)

    def busy(self, now: float) -> float:
        """Return how many workers this model keeps busy."""
        return self._busy.at(now)

    def wait(self, workers: float, now: float) -> float:
        """Return how long the first item of a batch waits, see :func:`wait_for_company`."""
        return wait_for_company(self._arrivals.at(now), self._run_seconds, workers)


def wait_for_company(arrivals: float, run_seconds: Mapping[int, float], workers: float) -> float:
    """Return the seconds that the first item of a batch waits; the caller bounds them.

    Args:
        arrivals: items a second.
        run_seconds: mean run time of each batch size that has run. Sizes that have not are
            supposed to save nothing over the next smaller one, or to lose nothing against the
            smallest.
        workers: how many workers the other models leave to this one.
    """
    if arrivals <= 0.0 or not run_seconds:
        return 0.0
    # Workers kept busy by batches of each size.
    needed = {size: arrivals * run_seconds[size] / size for size in sorted(run_seconds)}
    suffices = (size for size, busy in needed.items() if busy <= TARGET * workers)
    # Where none suffices, the size with the most items a second loses least.
    size = next(suffices, min(needed, key=lambda size: (needed[size], size)))
    return 0.0 if size == min(needed) else (size - 1) / arrivals
