"""The seven expression classes, in the one order every array in the project uses.

The classes are Ekman's six basic expressions plus neutral (Ekman & Friesen, 1971), which is what
FER2013, RAVDESS and GoEmotions' Ekman grouping share. A score says what a face, a voice or a text
*shows*; it says nothing about what a person feels.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
"""Probabilities of the seven classes: shape ``[7]`` (or ``[N, 7]``), rows sum to one."""


class Emotion(IntEnum):
    """Position of a class in every score array."""

    ANGRY = 0
    DISGUST = 1
    FEAR = 2
    HAPPY = 3
    SAD = 4
    SURPRISE = 5
    NEUTRAL = 6

    @property
    def label(self) -> str:
        """Lower-case name as it appears on the wire and in ``model.toml``."""
        return self.name.lower()


LABELS: tuple[str, ...] = tuple(emotion.label for emotion in Emotion)
CLASSES = len(LABELS)
UNIFORM: Scores = np.full(CLASSES, 1.0 / CLASSES, dtype=np.float32)

# Positions of the seven classes in Russell's circumplex (valence, arousal), each in [-1, 1]:
# rounded means of the category centroids in Russell & Mehrabian (1977). Neutral is the origin.
CIRCUMPLEX: NDArray[np.float32] = np.array(
    [
        [-0.51, 0.59],
        [-0.60, 0.35],
        [-0.64, 0.60],
        [0.81, 0.51],
        [-0.63, -0.27],
        [0.40, 0.67],
        [0.00, 0.00],
    ],
    dtype=np.float32,
)


def label_order(labels: Sequence[str]) -> list[int]:
    """Return the column of each of the seven classes in a model whose outputs are ``labels``.

    Raises:
        ValueError: a class is missing, unknown or named twice.
    """
    if sorted(labels) != sorted(LABELS):
        raise ValueError(f"labels must be a permutation of {LABELS}, got {tuple(labels)}")
    return [labels.index(label) for label in LABELS]
