"""Media time to session time. No asyncio, no clock: arrival times are arguments."""


class MediaClock:
    """Maps a track's presentation times to the session clock (both in seconds).

    The offset between the two clocks is the smallest delay seen, as in NTP's clock filter (RFC
    5905, section 10): delay only ever adds to it. It creeps upwards so that a sender whose clock
    is slow, or one unusually quick packet, does not pin it for ever.
    """

    CREEP = 0.001
    """Seconds that the offset may grow in a second: covers clocks that are off by 1000 ppm."""

    RESTART = 2.0
    """A jump of more than this many seconds is a new timeline: the sender has restarted."""

    def __init__(self) -> None:
        """Start without an offset; the first sample sets it."""
        self._offset: float | None = None
        self._last_arrival = 0.0

    def capture_time(self, media_time: float, arrived: float) -> float:
        """Return when a sample with ``media_time`` was captured, on the session clock.

        Never later than ``arrived``.
        """
        delay = arrived - media_time
        if self._offset is None or abs(delay - self._offset) > self.RESTART:
            self._offset = delay
        else:
            creep = self.CREEP * max(0.0, arrived - self._last_arrival)
            self._offset = min(delay, self._offset + creep)
        self._last_arrival = arrived
        return media_time + self._offset
