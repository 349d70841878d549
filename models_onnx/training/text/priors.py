"""How far few words can be trusted: variances from chunks of essays, and what came of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from esapr.inference.text.traits import LEAST_WORDS, TRAITS, Priors, TraitSums
from esapr.models_onnx.evaluation.text_personality import Read, means

Floats = NDArray[np.float64]

_WITHIN_80 = 1.2816
CUTS = (LEAST_WORDS, 400)
"""Words after which the rest of an essay is compared with what was expected of it."""


def estimated(logits: Floats, read: Read, count: int) -> Priors:
    """Return the variances of chunks' logits ``[M, 5]``: analysis of variance by essay."""
    texts = means(logits, read, count)
    words = read.words[:, np.newaxis]
    totals, chunks = np.bincount(read.owner, read.words, count), np.bincount(read.owner)
    squares = words * (logits - texts[read.owner]) ** 2
    within = squares.sum(axis=0) / (chunks - 1).clip(min=0).sum()
    between = texts.var(axis=0) - within * (1 / totals).mean()
    return Priors(texts.mean(axis=0), between, within)


def scaled(logits: Floats, read: Read, labels: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return slope and bias, ``[5]`` each, that make a logit one of the label (Platt 1999).

    They are fitted on what is expected of an author, who wrote one essay.
    """
    priors = estimated(logits, read, len(labels))
    totals = np.bincount(read.owner, read.words, len(labels))[:, np.newaxis]
    trust = priors.between / (priors.between + priors.within / totals)
    expected = priors.mean + trust * (means(logits, read, len(labels)) - priors.mean)
    pairs = [_logistic(expected[:, trait], labels[:, trait]) for trait in range(len(TRAITS))]
    slope, bias = np.array(pairs).T
    return slope, bias


def _logistic(values: Floats, labels: NDArray[np.bool_]) -> tuple[float, float]:
    def loss(weights: Floats) -> float:
        margin = (weights[0] * values + weights[1]) * (2.0 * labels - 1.0)
        return float(np.logaddexp(0, -margin).mean())

    slope, bias = minimize(loss, np.array([1.0, 0.0])).x
    return float(slope), float(bias)


def by_words(
    logits: Floats, read: Read, priors: Priors, labels: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return what the first words of essays were worth: accuracy, and how often ranges held.

    A range held if the rest of the essay came to a mean within what was expected of that rest: the
    range's own spread and that of so many more words.
    """
    found: dict[str, Any] = {}
    for cut in CUTS:
        right, held, widths = [], [], []
        for author in range(len(labels)):
            rows = np.flatnonzero(read.owner == author)
            before = np.cumsum(read.words[rows])
            split = int(np.searchsorted(before, cut)) + 1
            first, rest = rows[:split], rows[split:]
            sums = TraitSums(priors)
            for row in first:
                sums.add(logits[row].astype(np.float32), int(read.words[row]))
            estimate, left = sums.estimate(), int(read.words[rest].sum())
            if estimate is None:
                continue
            right.append((estimate.score > 0.5) == labels[author])
            widths.append(estimate.high - estimate.low)
            if left >= LEAST_WORDS:
                rest_mean = np.average(logits[rest], axis=0, weights=read.words[rest])
                low, high = (_logit(edge) for edge in (estimate.low, estimate.high))
                own = ((high - low) / (2 * _WITHIN_80)) ** 2
                spread = _WITHIN_80 * np.sqrt(own + priors.within / left)
                held.append(np.abs(rest_mean - (low + high) / 2) <= spread)
        found[f"first_{cut}_words"] = {
            "essays": len(right),
            "mean_accuracy": round(float(np.mean(right)), 4),
            "rest_within_80_per_cent_range": round(float(np.mean(held)), 4),
            "mean_width_of_range": round(float(np.mean(widths)), 4),
        }
    return found


def _logit(share: Floats) -> Floats:
    return np.log(share / (1 - share))
