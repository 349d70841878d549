"""Nested cross-validation over the actor folds: nothing is chosen on the actors it is tested on.

For each outer fold, the choice is the one with the best mean recall on the other four folds, each
predicted by a head that saw neither it nor the outer fold; the temperature is fitted on the same
predictions. A head trained without folds ``i`` and ``j`` serves as inner model of both outer
folds, so ten heads do for twenty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from operator import add

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from esapr.models_onnx.evaluation.acted_speech import FOLDS
from esapr.models_onnx.evaluation.metrics import fit_temperature, mean_recall
from esapr.models_onnx.training.voice.features import Features
from esapr.models_onnx.training.voice.head import (
    Choice,
    Head,
    Moments,
    columns,
    fit,
    flat,
    moments,
)

Logits = NDArray[np.float32]
LeftOut = tuple[int, ...]

LAYER_SETS: tuple[tuple[int, ...], ...] = ((2,), (3,), (2, 3), (1, 2, 3))
SHRINKAGES = (0.2, 0.4, 0.6, 0.8)
TESS_SHARE = 0.2
"""Weight of TESS in training, fixed beforehand: two speakers are not to outvote two dozen, but one
other recording teaches the head which directions tell corpora apart and not expressions."""

_FOLDS = range(len(FOLDS))


@dataclass(frozen=True)
class Result:
    """Held-out predictions of every row, and how each fold's model was chosen.

    ``calibrated`` ``[N, 7]`` are logits divided by their fold's temperature. ``shipped`` is chosen
    the same way over all five folds, for the head that is trained on everyone; ``logits`` are the
    held-out ones of that choice. ``heads`` are each fold's, for the features of all layers.
    """

    calibrated: Logits
    choices: tuple[Choice, ...]
    heads: tuple[Head, ...]
    temperatures: tuple[float, ...]
    shipped: Choice
    logits: Logits


class Speakers:
    """The moments of each RAVDESS fold and of each TESS speaker: every head is made of them."""

    def __init__(self, acted: Features, tess: Features) -> None:
        self._folds = [moments(acted, acted.fold == k) for k in tqdm(_FOLDS, desc="moments")]
        self._tess = {name: moments(tess, tess.speaker == name) for name in set(tess.speaker)}

    def without(self, folds: LeftOut = (), tess: tuple[str, ...] = ()) -> Moments:
        """Return the moments of all but the actors of ``folds`` and the speakers in ``tess``."""
        acted = reduce(add, [self._folds[k] for k in _FOLDS if k not in folds])
        kept = [self._tess[name] for name in sorted(self._tess) if name not in tess]
        if not kept:
            return acted.weighing(1.0)
        return acted.weighing(1 - TESS_SHARE) + reduce(add, kept).weighing(TESS_SHARE)


def nested(features: Features, speakers: Speakers) -> Result:
    """Run the protocol on RAVDESS' features."""
    fold, emotion = features.fold, features.emotion
    x = flat(features).astype(np.float32)
    outer = _held_out(x, speakers, [(k,) for k in _FOLDS])
    inner = _held_out(x, speakers, list(combinations(_FOLDS, 2)))
    calibrated = np.zeros((len(x), 7), np.float32)
    choices, heads, temperatures = [], [], []
    for k in _FOLDS:
        others = fold != k
        seen = {choice: _gather(by, fold, _pairs_with(k)) for choice, by in inner.items()}
        choice = _best(seen, emotion, others)
        temperature = fit_temperature(seen[choice][others], emotion[others])
        calibrated[fold == k] = outer[choice][(k,)][fold == k] / temperature
        choices.append(choice)
        heads.append(trained(speakers.without((k,)), choice))
        temperatures.append(temperature)
    every = {choice: _gather(by, fold, {k: (k,) for k in _FOLDS}) for choice, by in outer.items()}
    shipped = _best(every, emotion, fold >= 0)
    return Result(
        calibrated, tuple(choices), tuple(heads), tuple(temperatures), shipped, every[shipped]
    )


def trained(seen: Moments, choice: Choice) -> Head:
    """Return the head of ``choice`` for these speakers, for the features of all layers."""
    heads = fit(seen, columns(choice.layers), [choice.shrinkage])
    return heads[choice.shrinkage].over_all(choice.layers)


def _held_out(
    x: Logits, speakers: Speakers, left_out: list[LeftOut]
) -> dict[Choice, dict[LeftOut, Logits]]:
    """Return logits of every row from heads trained without each set of folds."""
    found: dict[Choice, dict[LeftOut, Logits]] = {}
    for folds in tqdm(left_out, desc="heads"):
        seen = speakers.without(folds)
        for layers in LAYER_SETS:
            for shrinkage, head in fit(seen, columns(layers), SHRINKAGES).items():
                logits = head.logits(x[:, columns(layers)])
                found.setdefault(Choice(layers, shrinkage), {})[folds] = logits
    return found


def _pairs_with(k: int) -> dict[int, LeftOut]:
    """Return, for each other fold ``j``, the head that saw neither ``j`` nor ``k``."""
    return {j: (min(j, k), max(j, k)) for j in _FOLDS if j != k}


def _gather(
    predicted: Mapping[LeftOut, Logits], fold: NDArray[np.int64], by_fold: Mapping[int, LeftOut]
) -> Logits:
    """Return, for the rows of each fold in ``by_fold``, what that head says of them."""
    gathered = np.zeros_like(next(iter(predicted.values())))
    for j, left_out in by_fold.items():
        gathered[fold == j] = predicted[left_out][fold == j]
    return gathered


def _best(
    candidates: Mapping[Choice, Logits], emotion: NDArray[np.int64], rows: NDArray[np.bool_]
) -> Choice:
    return max(candidates, key=lambda c: mean_recall(candidates[c][rows], emotion[rows]))
