"""Where valence and arousal have been going for a minute: the slope of a straight line."""

from collections import deque

import numpy as np

SPAN = 60.0
"""Seconds that the line is drawn through."""

LEAST = 20.0
"""Seconds from the oldest to the newest point under which no slope is told."""

MOST = 600
"""Points that are kept at most, the oldest go first: a minute of states every 100 ms."""

Slope = tuple[float, float]
"""Change a minute of valence and of arousal, which themselves lie in [-1, 1]."""


class Trend:
    """The least-squares slope over the last minute, as long as there was something to see."""

    def __init__(self) -> None:
        """Start without a point."""
        self._points: deque[tuple[float, float, float]] = deque(maxlen=MOST)

    def update(self, now: float, position: tuple[float, float] | None) -> Slope | None:
        """Take in valence and arousal at ``now`` in seconds, or that there are none.

        ``now`` rises from call to call. Returns None while the points of the last minute span less
        than :data:`LEAST`.
        """
        if position is not None:
            self._points.append((now, *position))
        while self._points and now - self._points[0][0] > SPAN:
            self._points.popleft()
        if not self._points or self._points[-1][0] - self._points[0][0] < LEAST:
            return None
        times, *values = np.array(self._points, np.float64).T
        seconds = times - times.mean()
        valence, arousal = (float(seconds @ value / (seconds @ seconds)) * SPAN for value in values)
        return valence, arousal
