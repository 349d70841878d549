"""Exponential smoothing by elapsed time, so that the tick rate does not change the result."""

from esapr.inference.emotions import Scores


class ExponentialSmoothing:
    """First-order low-pass filter over probability vectors of one participant.

    After ``half_life`` seconds an old value has lost half of its influence, whatever the number
    of updates in between: ``keep = 0.5 ** (elapsed / half_life)``.
    """

    def __init__(self, half_life: float) -> None:
        """Start empty: the first value passes through.

        Raises:
            ValueError: ``half_life`` (seconds) is negative. Zero switches smoothing off.
        """
        if half_life < 0:
            raise ValueError(f"half_life must not be negative, got {half_life}")
        self._half_life = half_life
        self.value: Scores | None = None
        """The smoothed value; None before the first one."""
        self.updated = 0.0
        """When it was, in seconds."""

    def resume(self, now: float) -> None:
        """Go on at ``now`` after a pause, whose time does not count."""
        self.updated = max(self.updated, now)

    def update(self, probs: Scores, now: float) -> Scores:
        """Take in ``probs`` (shape ``[7]``) at ``now`` and return the smoothed value."""
        if self.value is None or self._half_life == 0:
            self.value = probs
        else:
            elapsed = max(0.0, now - self.updated)
            keep = 0.5 ** (elapsed / self._half_life)
            self.value = keep * self.value + (1 - keep) * probs
        self.updated = now
        return self.value
