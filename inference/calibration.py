"""Temperature scaling: from a network's logits to probabilities that mean what they say."""

import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import Scores


def calibrated(logits: NDArray[np.float32], temperature: float) -> Scores:
    """Return ``softmax(logits / temperature)`` along the last axis.

    One temperature a model, fitted on held-out data (Guo et al. 2017, arXiv:1706.04599). It never
    changes which class is first, only how sure the scores are.

    Args:
        logits: shape ``[7]`` or ``[N, 7]``.
        temperature: the card's ``calibration.temperature``; above one flattens.

    Raises:
        ValueError: ``temperature`` is not a positive number.
    """
    if not 0.0 < temperature < np.inf:
        raise ValueError(f"temperature must be positive and finite, got {temperature}")
    # float64 keeps the rows' sums within one float32 rounding of 1.
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), np.float32)
