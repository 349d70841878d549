"""Rate limits. No asyncio, no clock."""


class TokenBucket:
    """Allows ``burst`` at once and ``rate`` a second on average."""

    def __init__(self, rate: float, burst: float) -> None:
        """Start full."""
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._updated: float | None = None

    def allow(self, now: float, cost: float = 1.0) -> bool:
        """Take ``cost`` tokens at ``now`` (seconds); return False if there are not as many."""
        if self._updated is not None:
            gained = max(0.0, now - self._updated) * self._rate
            self._tokens = min(float(self._burst), self._tokens + gained)
        self._updated = now
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True

    def wait(self, cost: float = 1.0) -> float:
        """Return after how many seconds, counted from the last call, ``cost`` tokens are there."""
        return max(0.0, cost - self._tokens) / self._rate
