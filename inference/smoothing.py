"""Smoothing by elapsed time, so that the tick rate does not change the result.

Two filters over the probability vectors of one participant: an exponential one, and the forward
pass of a hidden Markov model (Rabiner 1989, doi 10.1109/5.18626).
"""

from math import exp
from typing import Protocol

import numpy as np

from esapr.inference.emotions import CLASSES, Scores
from esapr.inference.reliability import LEAST


class Smoothing(Protocol):
    """A filter of one participant's probabilities."""

    value: Scores | None
    updated: float

    def resume(self, now: float) -> None:
        """Go on at ``now`` after a pause, whose time does not count."""

    def update(self, probs: Scores, now: float) -> Scores:
        """Take in ``probs`` (shape ``[7]``) at ``now`` and return the smoothed value."""


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


class BayesFilter:
    """Forward pass over the seven classes in continuous time.

    What is shown jumps to a class at random, any of the seven alike, ``transition_rate`` times a
    second; ``probs`` speak for the classes ``evidence_rate`` times a second. A rate below one
    stands for what successive scores share: a face that is misread is misread again.
    """

    def __init__(self, transition_rate: float, evidence_rate: float) -> None:
        """Start empty: the first value passes through.

        Raises:
            ValueError: a rate (a second) is negative.
        """
        if transition_rate < 0 or evidence_rate < 0:
            raise ValueError(f"rates must not be negative: {transition_rate}, {evidence_rate}")
        self._transition_rate = transition_rate
        self._evidence_rate = evidence_rate
        self.value: Scores | None = None
        """The belief; None before the first one."""
        self.updated = 0.0
        """When it was, in seconds."""

    def resume(self, now: float) -> None:
        """Go on at ``now`` after a pause, whose time does not count."""
        self.updated = max(self.updated, now)

    def update(self, probs: Scores, now: float) -> Scores:
        """Take in ``probs`` (shape ``[7]``) at ``now`` and return the belief."""
        if self.value is None:
            self.value = probs
        else:
            elapsed = max(0.0, now - self.updated)
            keep = exp(-self._transition_rate * elapsed)
            expected = keep * self.value.astype(np.float64) + (1 - keep) / CLASSES
            likelihood = np.maximum(probs, LEAST) ** (self._evidence_rate * elapsed)
            belief = expected * likelihood
            self.value = np.asarray(belief / belief.sum(), np.float32)
        self.updated = now
        return self.value
