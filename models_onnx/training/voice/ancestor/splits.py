"""Two ways to hold a fifth of RAVDESS out: clips at random, as the ancestor did, or actors."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from esapr.models_onnx.evaluation.acted_speech import FOLDS, Clip

SEED = 7


class Split(StrEnum):
    """``RANDOM`` leaves every voice on both sides, ``ACTORS`` on one."""

    RANDOM = "random"
    ACTORS = "actors"


def folds_of(split: Split, clips: list[Clip]) -> NDArray[np.int64]:
    """Return each clip's fold, 0 to 4."""
    if split is Split.ACTORS:
        return np.array([clip.fold for clip in clips])
    labels = labels_of(clips)
    folds = np.zeros(len(clips), np.int64)
    parts = StratifiedKFold(len(FOLDS), shuffle=True, random_state=SEED).split(labels, labels)
    for number, (_, held_out) in enumerate(parts):
        folds[held_out] = number
    return folds


def labels_of(clips: list[Clip]) -> NDArray[np.int64]:
    """Return each clip's class."""
    return np.array([int(clip.emotion) for clip in clips])
