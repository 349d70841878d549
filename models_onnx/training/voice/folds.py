"""Discriminants of the frozen layers' features that leave some speakers out."""

from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from esapr.models_onnx.evaluation.acted_speech import FOLDS
from esapr.models_onnx.training.voice.features import Features
from esapr.models_onnx.training.voice.head import (
    Choice,
    Head,
    Moments,
    columns,
    fit,
    moments,
)

Logits = NDArray[np.float32]

CHOICE = Choice(layers=(1, 2, 3), shrinkage=0.4)
"""What 2.1.0 shipped with, chosen by nested cross-validation; training begins there."""

TESS_SHARE = 0.2
"""Weight of TESS in training, fixed beforehand: two speakers are not to outvote two dozen, but one
other recording teaches the head which directions tell corpora apart and not expressions."""

_FOLDS = range(len(FOLDS))


class Speakers:
    """The moments of each RAVDESS fold and of each TESS speaker: every head is made of them."""

    def __init__(self, acted: Features, tess: Features) -> None:
        self._folds = [moments(acted, acted.fold == k) for k in tqdm(_FOLDS, desc="moments")]
        self._tess = {name: moments(tess, tess.speaker == name) for name in set(tess.speaker)}

    def without(self, folds: tuple[int, ...] = (), tess: tuple[str, ...] = ()) -> Moments:
        """Return the moments of all but the actors of ``folds`` and the speakers in ``tess``."""
        acted = reduce(add, [self._folds[k] for k in _FOLDS if k not in folds])
        kept = [self._tess[name] for name in sorted(self._tess) if name not in tess]
        if not kept:
            return acted.weighing(1.0)
        return acted.weighing(1 - TESS_SHARE) + reduce(add, kept).weighing(TESS_SHARE)


def trained(seen: Moments, choice: Choice) -> Head:
    """Return the head of ``choice`` for these speakers, for the features of all layers."""
    heads = fit(seen, columns(choice.layers), [choice.shrinkage])
    return heads[choice.shrinkage].over_all(choice.layers)
