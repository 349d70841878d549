"""Ridge regression, whose one constant is chosen by leaving out one author at a time.

It is linear in the means of chunks, so a text's score is the mean over its chunks: that is what
lets a server add up and forget.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)
_CONSTANT = 10.0
"""What is added to every product of a kernel, so that a mean is fitted, too."""


@dataclass(frozen=True)
class Head:
    """Weights ``[D, 5]`` and a bias ``[5]``, and the strength that they were fitted with."""

    weights: Floats
    bias: Floats
    strength: float


def fit(features: Floats, labels: NDArray[np.bool_]) -> Head:
    """Fit on texts: ``features`` ``[N, D]``, labels ``[N, 5]``.

    The strength is the one whose leave-one-out squared error, over all traits, is lowest: the share
    that is right is a rougher measure, and chooses worse.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    # Some numbers of MiniLM's are the same for every text.
    scale = np.where(spread > 1e-6, 1 / np.maximum(spread, 1e-6), 0.0) / np.sqrt(len(mean))
    target = 2.0 * labels - 1.0
    centre = target.mean(axis=0)
    tried = _tried((features - mean) * scale, target - centre)
    _, strength, weights = min(tried, key=lambda each: each[0])
    weights = weights * scale[:, np.newaxis]
    return Head(weights, centre - mean @ weights, strength)


def _tried(rows: Floats, target: Floats) -> Iterator[tuple[float, float, Floats]]:
    """Yield leave-one-out squared error, strength and weights ``[D, 5]`` of every choice.

    Left out, a text is missed by its residual over one less its leverage (Allen 1974).
    """
    for strength in STRENGTHS:
        inverse = np.linalg.inv(rows.T @ rows + strength * np.eye(rows.shape[1]))
        weights = inverse @ (rows.T @ target)
        leverage = ((rows @ inverse) * rows).sum(axis=1) + 1 / len(rows)
        missed = (target - rows @ weights) / (1 - leverage)[:, np.newaxis]
        yield float(np.square(missed).mean()), strength, weights


def unseen(kernel: Floats, target: Floats, strength: float, folds: NDArray[np.int64]) -> Floats:
    """Return what regression in a ``kernel`` ``[N, N]`` says of each fold without having seen it.

    ``target`` is ``[N, 5]``. One inverse serves all folds: what is left out is missed by its
    residual over one less its leverage, of blocks as of single rows.
    """
    inverse = np.linalg.inv(kernel + _CONSTANT + strength * np.eye(len(kernel)))
    weights = inverse @ target
    found = np.empty_like(target)
    for fold in np.unique(folds):
        rows = np.flatnonzero(folds == fold)
        missed = np.linalg.solve(inverse[np.ix_(rows, rows)], weights[rows])
        found[rows] = target[rows] - missed
    return found
