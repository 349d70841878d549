"""The trained part: linear discriminant analysis of pooled features, with a shrunken covariance.

Two thousand features of two dozen speakers call for a strong prior. Shrinking the covariance
towards its diagonal (Ledoit & Wolf 2004; here the amount is chosen by cross-validation) gives one,
in closed form: what a set of speakers contributes is a sum, so a head that leaves some of them out
is the solution of one linear system.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from esapr.inference.emotions import CLASSES
from esapr.models_onnx.training.voice.features import LAYERS, Features
from esapr.models_onnx.training.voice.whisper import WIDTH

Floats = NDArray[np.float32]

LOGIT_SCALE = 0.2
"""Discriminants of correlated features are too sure by about this factor; the temperature that is
fitted on held-out actors does the rest."""

_ROWS = 4096


@dataclass(frozen=True)
class Choice:
    """What cross-validation chooses.

    ``layers`` of the encoder (from 1); ``shrinkage`` in [0, 1]: 1 keeps the variances only.
    """

    layers: tuple[int, ...]
    shrinkage: float


@dataclass(frozen=True)
class Head:
    """``logits = weight @ x + bias``: ``weight`` is ``[7, D]``."""

    weight: Floats
    bias: Floats

    def logits(self, x: Floats) -> Floats:
        """Return ``[N, 7]`` for features ``[N, D]``."""
        return x @ self.weight.T + self.bias

    def over_all(self, layers: tuple[int, ...]) -> "Head":
        """Return the same head, of ``layers``, for the features of all layers."""
        weight = np.zeros((len(self.weight), len(LAYERS) * 2 * WIDTH), np.float32)
        weight[:, columns(layers)] = self.weight
        return Head(weight, self.bias)


@dataclass(frozen=True)
class Moments:
    """Sums over a set of rows: weights a class ``[7]``, features ``[7, D]``, products ``[D, D]``.

    Every class weighs the same over all speakers of a corpus, however many clips it has.
    """

    weights: Floats
    sums: Floats
    products: Floats

    def __add__(self, other: "Moments") -> "Moments":
        """Return the moments of both sets together."""
        return Moments(
            self.weights + other.weights, self.sums + other.sums, self.products + other.products
        )

    def weighing(self, share: float) -> "Moments":
        """Return the moments of the same rows with ``share`` as the sum of their weights."""
        factor = np.float32(share / self.weights.sum())
        return Moments(self.weights * factor, self.sums * factor, self.products * factor)


def columns(layers: tuple[int, ...]) -> slice:
    """Return where ``layers``, which follow each other, lie among the features of all."""
    first, last = layers[0] - LAYERS[0], layers[-1] - LAYERS[0]
    return slice(first * 2 * WIDTH, (last + 1) * 2 * WIDTH)


def flat(features: Features) -> NDArray[np.float16]:
    """Return the features of all layers side by side, ``[N, 3072]``."""
    return features.pooled.reshape(len(features.pooled), -1)


def moments(features: Features, rows: NDArray[np.bool_]) -> Moments:
    """Return the moments of ``rows``."""
    (positions,) = np.nonzero(rows)
    emotion = features.emotion
    counts = np.bincount(emotion, minlength=CLASSES)
    one_of_seven = np.eye(CLASSES) / CLASSES
    x = flat(features)
    total = np.zeros((x.shape[1], x.shape[1]), np.float32)
    sums = np.zeros((CLASSES, x.shape[1]), np.float32)
    weights = np.zeros(CLASSES, np.float32)
    for start in range(0, len(positions), _ROWS):
        part = positions[start : start + _ROWS]
        values = x[part].astype(np.float32)
        shares = (one_of_seven[emotion[part]] / counts[emotion[part], None]).astype(np.float32)
        weights += shares.sum(axis=0)
        sums += shares.T @ values
        rooted = values * np.sqrt(shares.sum(axis=1, keepdims=True))
        total += rooted.T @ rooted
    return Moments(weights, sums, total)


def fit(seen: Moments, chosen: slice, shrinkages: Iterable[float]) -> dict[float, Head]:
    """Return a head of the ``chosen`` features a shrinkage, for equally frequent classes."""
    means = seen.sums[:, chosen] / seen.weights[:, None]
    within = seen.products[chosen, chosen] - (means * seen.weights[:, None]).T @ means
    variances = np.diag(within).copy()
    offsets = (means - means.mean(axis=0)).T
    heads = {}
    for shrinkage in shrinkages:
        covariance = (1 - shrinkage) * within
        np.fill_diagonal(covariance, variances)
        weight = LOGIT_SCALE * solve(covariance, offsets, assume_a="pos", overwrite_a=True).T
        bias = -0.5 * np.sum(weight * (means + means.mean(axis=0)), axis=1)
        heads[shrinkage] = Head(weight, bias)
    return heads
