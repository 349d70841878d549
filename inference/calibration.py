"""Temperature scaling: from a network's logits to probabilities that mean what they say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import Scores


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure a model's scores are; it never changes which class is first.

    ``temperature`` divides the logits before softmax (Guo et al. 2017, arXiv:1706.04599); above one
    flattens. With a ``slope`` the temperature is ``temperature * exp(slope * entropy)``, where the
    entropy of the logits' own softmax, as a share of the largest there is, says how torn the
    network is between classes: one temperature is too timid for the plain cases where it is too
    bold for the doubtful ones (Balanya et al. 2024, arXiv:2208.00461).

    Raises:
        ValueError: ``temperature`` is not a positive number, or ``slope`` is not a number from 0.
    """

    temperature: float = 1.0
    slope: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.temperature < np.inf:
            raise ValueError(f"temperature must be positive and finite, got {self.temperature}")
        # Below zero doubt would sharpen, and could turn the order of two rows around.
        if not 0.0 <= self.slope < np.inf:
            raise ValueError(f"slope must be finite and not negative, got {self.slope}")


PLAIN = Calibration()
"""Leaves a softmax as it is."""


def calibrated(logits: NDArray[np.float32], calibration: Calibration) -> Scores:
    """Return the probabilities of logits ``[7]`` or ``[N, 7]``, along the last axis."""
    # float64 keeps the rows' sums within one float32 rounding of 1.
    return np.asarray(_softmax(np.asarray(scaled(logits, calibration), np.float64)), np.float32)


def scaled(logits: NDArray[np.float32], calibration: Calibration) -> NDArray[np.float32]:
    """Return the logits whose softmax :func:`calibrated` returns."""
    exact = np.asarray(logits, np.float64) / calibration.temperature
    if calibration.slope:
        # Most models have none, and need no entropy.
        exact /= np.exp(calibration.slope * _entropy(np.asarray(logits, np.float64)))
    return np.asarray(exact, np.float32)


def _entropy(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy of ``softmax(logits)``, from 0 to 1: ``[..., 1]``."""
    probs = _softmax(logits)
    nats = -(probs * np.log(np.maximum(probs, np.finfo(np.float64).tiny))).sum(-1, keepdims=True)
    return np.asarray(nats / np.log(logits.shape[-1]))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))
