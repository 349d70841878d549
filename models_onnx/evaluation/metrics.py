"""Figures that a card reports for a seven-class model, and the temperature it is scaled by."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from esapr.inference.calibration import PLAIN, Calibration, calibrated, scaled
from esapr.inference.emotions import CLASSES, LABELS

ECE_BINS = 15
# One per cent apart: finer than the fit's own noise.
TEMPERATURES = np.geomspace(0.2, 5.0, 325)
SLOPES = np.arange(0.0, 2.0, 0.05)
THRESHOLDS = np.arange(0.05, 0.95, 0.01)


def fit_temperature(
    logits: NDArray[np.float32], labels: NDArray[np.int64], slope: float = 0.0
) -> Calibration:
    """Return the temperature with the least negative log likelihood (Guo et al. 2017)."""
    tried = [Calibration(temperature, slope) for temperature in TEMPERATURES.tolist()]
    low, high = 0, len(tried) - 1
    # The loss is convex in the temperature's inverse: it falls, and then it rises.
    while low < high:
        middle = (low + high) // 2
        if log_loss(logits, labels, tried[middle]) <= log_loss(logits, labels, tried[middle + 1]):
            high = middle
        else:
            low = middle + 1
    return tried[low]


def fit_calibration(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Calibration:
    """Return the temperature and the slope with the least negative log likelihood."""
    tried = [fit_temperature(logits, labels, slope) for slope in SLOPES.tolist()]
    return min(tried, key=lambda calibration: log_loss(logits, labels, calibration))


def log_loss(
    logits: NDArray[np.float32], labels: NDArray[np.int64], calibration: Calibration
) -> float:
    """Return the mean negative log likelihood of the labels, in nats."""
    ready = np.asarray(scaled(logits, calibration), np.float64)
    ready -= ready.max(axis=1, keepdims=True)
    return float((np.log(np.exp(ready).sum(axis=1)) - ready[np.arange(len(labels)), labels]).mean())


def accuracy(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the share of rows whose largest logit is the label."""
    return float((logits.argmax(axis=1) == labels).mean())


def recalls(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Return the recall of each class by label."""
    confusion = _confusion(logits, labels)
    return {
        label: float(confusion[i, i] / max(confusion[i].sum(), 1)) for i, label in enumerate(LABELS)
    }


def mean_recall(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the unweighted mean of the classes' recalls (UAR)."""
    return float(np.mean(list(recalls(logits, labels).values())))


def f1_scores(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Return the F1 of each class by label."""
    confusion = _confusion(logits, labels)
    both = np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
    return dict(zip(LABELS, (2 * np.diag(confusion) / both).tolist(), strict=True))


def macro_f1(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the unweighted mean of the classes' F1."""
    return float(np.mean(list(f1_scores(logits, labels).values())))


def macro_f1_of_several(shown: NDArray[np.bool_], labels: NDArray[np.float32]) -> float:
    """Return the mean F1 of "shown or not" over the classes.

    ``labels`` ``[N, 7]`` are zeros and ones: a row may have several.
    """
    hits = (shown * labels).sum(axis=0)
    return float(np.mean(2 * hits / np.maximum(shown.sum(axis=0) + labels.sum(axis=0), 1)))


def thresholds(probs: NDArray[np.float32], labels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return, for each class, the probability above which the F1 of "shown or not" is best."""
    found = []
    for column, wanted in zip(probs.T[..., None], labels.T[..., None], strict=True):
        scores = [(macro_f1_of_several(column > cut, wanted), cut) for cut in THRESHOLDS]
        found.append(max(scores)[1])
    return np.array(found)


def calibration_error(
    logits: NDArray[np.float32], labels: NDArray[np.int64], calibration: Calibration = PLAIN
) -> float:
    """Return the expected calibration error over 15 equal-width bins of confidence."""
    probs = calibrated(logits, calibration)
    confidence = probs.max(axis=1)
    right = probs.argmax(axis=1) == labels
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = [
        abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    ]
    return float(np.sum(gaps))


def report(
    logits: NDArray[np.float32], labels: NDArray[np.int64], calibration: Calibration
) -> dict[str, Any]:
    """Return accuracy, macro-F1, ECE and per-class recall, rounded for a card."""
    return {
        "faces": len(labels),
        "accuracy": round(accuracy(logits, labels), 4),
        "macro_f1": round(macro_f1(logits, labels), 4),
        "ece_15_bins": round(calibration_error(logits, labels, calibration), 4),
        "recall": {k: round(v, 3) for k, v in recalls(logits, labels).items()},
    }


def _confusion(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count ``[true, predicted]`` pairs."""
    pairs = labels * CLASSES + logits.argmax(axis=1)
    return np.bincount(pairs, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)
