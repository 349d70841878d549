"""How often a caller may call: one token bucket each. No asyncio, no clock."""

from collections import OrderedDict

from esapr.server.sessions.rate import TokenBucket


class CallRates:
    """The buckets of many callers, each under a name that says nothing to this class.

    At most ``callers`` are kept: the one heard of longest ago is forgotten first, which fills its
    bucket again.
    """

    def __init__(self, rate: float, burst: float, callers: int) -> None:
        """Allow each caller ``burst`` calls at once and ``rate`` a second on average."""
        self._rate = rate
        self._burst = burst
        self._most = callers
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        self.forgotten = 0
        """Callers forgotten to make room."""

    def spend(self, caller: str, now: float) -> float:
        """Take a call of ``caller`` at ``now`` (seconds) and return 0.

        One that comes too early is not taken: what returns is after how many seconds it would be.
        """
        bucket = self._bucket(caller)
        return 0.0 if bucket.allow(now) else bucket.wait()

    def wait(self, caller: str, now: float) -> float:
        """Return after how many seconds :meth:`spend` would take a call; takes none."""
        bucket = self._buckets.get(caller)
        if bucket is None:
            return 0.0
        bucket.allow(now, 0)
        return bucket.wait()

    def _bucket(self, caller: str) -> TokenBucket:
        bucket = self._buckets.setdefault(caller, TokenBucket(self._rate, self._burst))
        self._buckets.move_to_end(caller)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
            self.forgotten += 1
        return bucket
