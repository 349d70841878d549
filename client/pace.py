"""How fast something may be sent: a token bucket whose rate halves and climbs back. No I/O."""

CLIMB = 0.05
"""Share of the full rate that comes back each second: the whole of it in twenty."""

SLOWEST = 1 / 16
"""Least share of the full rate."""

PATIENCE = 1.0
"""Seconds after a refusal in which others are blamed on the rate before it."""


class Pace:
    """Additive increase, multiplicative decrease. Times are seconds on one clock."""

    def __init__(self, rate: float, burst: float) -> None:
        """Let ``rate`` through a second on average and ``burst`` at once."""
        self._full = rate
        self._burst = burst
        self._tokens = burst
        self._filled = 0.0
        self._low = rate
        self._refused = float("-inf")

    def rate(self, now: float) -> float:
        """Return how many a second go through at present."""
        if self._low >= self._full:
            return self._full
        return min(self._full, self._low + (now - self._refused) * CLIMB * self._full)

    def wait(self, now: float) -> float:
        """Return the seconds until the next one may go."""
        self._fill(now)
        return max(0.0, (1 - self._tokens) / self.rate(now))

    def spend(self, now: float) -> None:
        """Note that one was sent."""
        self._fill(now)
        self._tokens -= 1

    def refuse(self, now: float) -> None:
        """Note that the server refused one as too many: go on half as fast, and climb back."""
        if now - self._refused < PATIENCE:
            return
        self._low = max(self.rate(now) / 2, SLOWEST * self._full)
        self._refused = now
        self._tokens = min(self._tokens, 0.0)

    def _fill(self, now: float) -> None:
        earned = max(0.0, now - self._filled) * self.rate(now)
        self._tokens = min(self._burst, self._tokens + earned)
        self._filled = max(now, self._filled)
