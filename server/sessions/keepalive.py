"""Whether somebody is still at the other end of a feed. No asyncio, no clock."""

from enum import Enum, auto


class Step(Enum):
    """What to do about a client that says nothing."""

    WAIT = auto()
    PING = auto()
    WARN = auto()
    CLOSE = auto()


class Keepalive:
    """Pings a silent client, then warns it, then gives it up.

    A ping goes out after half of ``silence`` seconds without a frame, pongs included. After
    ``silence`` the client is warned, and after half as much again the feed is closed.
    """

    def __init__(self, silence: float, now: float) -> None:
        """Begin to listen at ``now`` (seconds)."""
        self._half = silence / 2
        self._heard = now
        self._due = now + self._half
        self.warned = False

    def heard(self, now: float) -> None:
        """Note a frame that arrived at ``now``."""
        self._heard = now
        self._due = now + self._half
        self.warned = False

    @property
    def due(self) -> float:
        """When to call :meth:`step` next."""
        return self._due

    def step(self, now: float) -> Step:
        """Return what to do at ``now``."""
        if now < self._due:
            return Step.WAIT
        silent = now - self._heard
        self._due = now + self._half
        if silent >= 3 * self._half:
            return Step.CLOSE
        if silent >= 2 * self._half and not self.warned:
            self.warned = True
            return Step.WARN
        return Step.PING
