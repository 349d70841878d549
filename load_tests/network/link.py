"""One direction of a path: packets in, packets out when they are due. Time is an argument."""

import heapq
from dataclasses import dataclass
from random import Random

from esapr.load_tests.network.conditions import Conditions

MAX_WAITING = 1000
"""Packets on the way at a time, as in netem's default; one too many is dropped and counted."""


@dataclass(slots=True)
class Counts:
    """What became of the packets: offered + duplicated = lost + overflowed + delivered + waiting.

    All but the waiting ones, which only the link knows.
    """

    offered: int = 0
    duplicated: int = 0
    lost: int = 0
    """By chance."""
    overflowed: int = 0
    """For want of room in the queue."""
    delivered: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Return what became of the packets of two links."""
        return Counts(
            self.offered + other.offered,
            self.duplicated + other.duplicated,
            self.lost + other.lost,
            self.overflowed + other.overflowed,
            self.delivered + other.delivered,
        )


class Link:
    """Packets under ``conditions``: lost, then queued for their turn, then delayed.

    ``now`` must not go back from call to call; it is in seconds.
    """

    def __init__(self, conditions: Conditions, random: Random) -> None:
        """Begin with an empty queue, in the good state."""
        self.counts = Counts()
        self._conditions = conditions
        self._random = random
        self._bad = False
        self._free_at = 0.0
        """When the last bit that waits for its turn will have left."""
        self._latest = 0.0
        self._flying: list[tuple[float, int, bytes]] = []

    @property
    def waiting(self) -> int:
        """Packets on the way."""
        return len(self._flying)

    @property
    def next_due(self) -> float | None:
        """When the next packet arrives; None if none is on the way."""
        return self._flying[0][0] if self._flying else None

    def put(self, packet: bytes, now: float) -> None:
        """Send one packet."""
        self.counts.offered += 1
        if self._loses():
            self.counts.lost += 1
            return
        self._queue(packet, now)
        if self._random.random() < self._conditions.duplicates:
            self.counts.duplicated += 1
            self._queue(packet, now)

    def take(self, now: float) -> list[bytes]:
        """Return the packets that have arrived by ``now``, in the order of their arrival."""
        arrived = []
        while self._flying and self._flying[0][0] <= now:
            arrived.append(heapq.heappop(self._flying)[2])
        self.counts.delivered += len(arrived)
        return arrived

    def _loses(self) -> bool:
        loss = self._conditions.loss
        if self._random.random() < (loss.to_good if self._bad else loss.to_bad):
            self._bad = not self._bad
        return self._random.random() < (loss.bad if self._bad else loss.good)

    def _queue(self, packet: bytes, now: float) -> None:
        left_at = self._leaves_at(len(packet), now)
        if left_at is None or len(self._flying) >= MAX_WAITING:
            self.counts.overflowed += 1
            return
        due = left_at + self._delay()
        if not self._conditions.reorders:
            self._latest = due = max(due, self._latest)
        # What is due together keeps its order.
        heapq.heappush(self._flying, (due, self.counts.offered, packet))

    def _leaves_at(self, size: int, now: float) -> float | None:
        """Return when ``size`` bytes have left at the link's rate, or None if they do not fit."""
        if self._conditions.rate_kbit_s is None:
            return now
        begins = max(now, self._free_at)
        if begins - now > self._conditions.queue_ms / 1000:
            return None
        self._free_at = begins + size * 8 / (self._conditions.rate_kbit_s * 1000)
        return self._free_at

    def _delay(self) -> float:
        jitter = self._conditions.jitter_ms
        return (self._conditions.delay_ms + self._random.uniform(-jitter, jitter)) / 1000
