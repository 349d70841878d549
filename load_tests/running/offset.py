"""Where a session's clock stands, from its ``pong`` messages. No I/O: the time is an argument."""

from collections import deque

REMEMBERED = 6
"""Samples among which the best is used: a minute of them, as clocks drift apart."""


class Offset:
    """Tells the time at which something happens on the session clock.

    A ``pong`` was sent about half a round trip before it came (as in NTP, RFC 5905): the sample of
    the shortest round trip is the best one.
    """

    def __init__(self) -> None:
        """Start without a sample."""
        self._samples: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)

    def greeted(self, t_ms: int, now: float) -> None:
        """Note what ``session.created`` says: another gateway's clock may stand elsewhere."""
        self._samples.clear()
        self._samples.append((float("inf"), now - t_ms / 1000))

    def ponged(self, sent: float, t_ms: int, now: float) -> None:
        """Note the answer to a ``ping`` that went out at ``sent``."""
        self._samples.append((now - sent, (sent + now) / 2 - t_ms / 1000))

    def at(self, t_ms: int) -> float:
        """Return the time of ``t_ms``; the session has to have been greeted."""
        return min(self._samples)[1] + t_ms / 1000
