"""The session clock, and where sound lies on it. No I/O: the local time is an argument."""

DRIFT_MS = 500
"""How far sound that names no times may run from the clock before it is laid on it anew."""


class SessionClock:
    """The server's session clock, as well as its messages tell it: never ahead of it."""

    def __init__(self) -> None:
        """Start at zero, until the server has said what time it is."""
        self._zero = 0.0

    def heard(self, t_ms: int, now: float) -> None:
        """Note that a message with the time ``t_ms`` came at ``now`` (seconds)."""
        self._zero = now - t_ms / 1000

    def t_ms(self, now: float) -> int:
        """Return the session time in ms."""
        return max(0, int((now - self._zero) * 1000))


class SoundTimes:
    """Gives pieces of one stream times that leave neither holes nor overlaps."""

    def __init__(self) -> None:
        """Start without sound."""
        self._end_ms = float("-inf")

    def place(self, t_ms: int, length_ms: float) -> int:
        """Return when a piece began that ends now (``t_ms``) and is ``length_ms`` long."""
        began = max(0.0, t_ms - length_ms)
        if abs(began - self._end_ms) > DRIFT_MS:
            self._end_ms = began
        at, self._end_ms = self._end_ms, self._end_ms + length_ms
        return int(at)
