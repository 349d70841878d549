"""Blinks from the eye aspect ratio (Soukupová & Čech 2016), against each person's own threshold."""

from bisect import bisect_left, insort
from collections import deque

import numpy as np
from numpy.typing import NDArray

from esapr.inference.face.align import Points
from esapr.inference.memory import MOST_RATIOS, BlinkMemory

# FaceMesh indices p1…p6 of each eye: outer corner, two upper, inner corner, two lower points.
RIGHT_EYE = (33, 160, 158, 133, 153, 144)
LEFT_EYE = (362, 385, 387, 263, 373, 380)
# The ends of each eye's two heights and its width: p2-p6, p3-p5, p1-p4.
_FIRST, _SECOND = np.array((RIGHT_EYE, LEFT_EYE))[:, [[1, 2, 0], [5, 4, 3]]].swapaxes(0, 1)

MEMORY = 30.0
"""Seconds of ratios that say what this person's open eyes look like."""
MOST_SAMPLES = 1024
LEAST_SAMPLES = 5
OPEN_QUANTILE = 0.8
"""Eyes are open most of the time, so an upper quantile is the open ratio despite blinks."""
# Shares of the open ratio. A blink falls to about 0.47 of it (0.32 to 0.15), a smile to 0.78;
# two thresholds keep a ratio that hovers at one of them from counting twice.
CLOSED_BELOW = 0.65
OPEN_ABOVE = 0.75
LONGEST_BLINK = 0.8
"""Seconds; eyes that stay shut longer are closed, not blinking (Caffier et al. 2003)."""
LONGEST_GAP = 1.0
"""Seconds without a face that still count as watched."""
LEAST_WATCHED = 10.0
"""Seconds of watching before a rate is given."""


def eye_aspect_ratios(points: Points) -> NDArray[np.float32]:
    """Return the mean over both eyes of height / width, of each of ``N`` faces.

    Args:
        points: FaceMesh points ``[N, 468, 2]`` in pixels (fractions would distort the ratio).
    """
    across = points[:, _FIRST] - points[:, _SECOND]
    lengths = np.hypot(across[..., 0], across[..., 1])
    ratios = (lengths[..., 0] + lengths[..., 1]) / np.maximum(2 * lengths[..., 2], 1e-6)
    return np.asarray(ratios.mean(axis=1), np.float32)


class OpenRatio:
    """An upper quantile of the ratios of the last half minute, kept in order as they come and go.

    Sorting them anew for each picture costs more than all else that is done about blinks.
    """

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._arrived: deque[tuple[float, float]] = deque()
        self._ordered: list[float] = []

    def __len__(self) -> int:
        """Return the number of ratios that count."""
        return len(self._ordered)

    def add(self, ratio: float, now: float) -> None:
        """Take a ratio in; forget what is older than :data:`MEMORY`."""
        self._arrived.append((now, ratio))
        insort(self._ordered, ratio)
        while self._arrived[0][0] < now - MEMORY or len(self._arrived) > MOST_SAMPLES:
            _, gone = self._arrived.popleft()
            del self._ordered[bisect_left(self._ordered, gone)]

    def sample(self) -> list[tuple[float, float]]:
        """Return times and ratios, spread evenly over those that count."""
        return list(self._arrived)[:: 1 + len(self._arrived) // MOST_RATIOS]

    def value(self) -> float:
        """Return the quantile, interpolated between the two ratios beside it."""
        place = OPEN_QUANTILE * (len(self._ordered) - 1)
        below = int(place)
        low, high = self._ordered[below], self._ordered[min(below + 1, len(self._ordered) - 1)]
        return low + (high - low) * (place - below)


class BlinkCounter:
    """Counts blinks of one person over a session; times are seconds on the session clock."""

    def __init__(self) -> None:
        """Begin with nothing known about the person."""
        self.total = 0
        self._open = OpenRatio()
        self._closed_since: float | None = None
        self._watched = 0.0
        self._last: float | None = None

    @property
    def per_minute(self) -> float:
        """Blinks a minute of watching; zero before ten seconds are watched."""
        return 60 * self.total / self._watched if self._watched >= LEAST_WATCHED else 0.0

    @property
    def eyes_closed(self) -> bool:
        """Whether the eyes are shut in the latest picture."""
        return self._closed_since is not None

    def add(self, ratio: float, now: float) -> bool:
        """Take the ratio of one picture; return whether a blink has just ended."""
        self._watch(now)
        self._open.add(ratio, now)
        if len(self._open) < LEAST_SAMPLES:
            return False
        share = ratio / max(self._open.value(), 1e-6)
        if self._closed_since is None:
            if share < CLOSED_BELOW:
                self._closed_since = now
            return False
        if share <= OPEN_ABOVE:
            return False
        blinked = now - self._closed_since <= LONGEST_BLINK
        self._closed_since = None
        self.total += blinked
        return blinked

    def memory(self) -> BlinkMemory:
        """Return what is needed to go on elsewhere."""
        ratios = self._open.sample()
        return BlinkMemory(self.total, self._watched, self._last, self._closed_since, ratios)

    def recall(self, memory: BlinkMemory) -> None:
        """Go on from where another one stopped."""
        self.total, self._watched = memory.total, memory.watched
        self._last, self._closed_since = memory.last, memory.closed_since
        for at, ratio in memory.ratios:
            self._open.add(ratio, at)

    def _watch(self, now: float) -> None:
        """Add the time since the last picture, unless the face was away."""
        if self._last is not None:
            gap = now - self._last
            if gap <= LONGEST_GAP:
                self._watched += gap
            else:
                # Eyes shut before a face left say nothing about it when it is back.
                self._closed_since = None
        self._last = now
