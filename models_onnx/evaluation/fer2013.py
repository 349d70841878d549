"""FER2013 (Goodfellow et al. 2013, arXiv:1307.0414) with FER+ votes (Barsoum et al. 2016)."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import CLASSES, label_order

SIDE = 48
COLUMNS = 200
# FER+ columns of our seven classes, in our order; contempt, unknown and "not a face" have none.
VOTES = (4, 5, 6, 1, 3, 2, 0)
NOT_A_FACE = 9
CLEAR_MAJORITY = 6


class Split(IntEnum):
    """The challenge's own ``Usage`` column: train on the first, choose on the second."""

    TRAINING = 0
    PUBLIC_TEST = 1
    PRIVATE_TEST = 2


@dataclass(frozen=True)
class Faces:
    """``images`` uint8 ``[N, 48, 48]``, ``labels`` int64 ``[N]``, ``votes`` of ten ``[N, 10]``."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    votes: NDArray[np.uint8]

    def targets(self, votes_share: float) -> NDArray[np.float32]:
        """Mix the FER label with the distribution of the FER+ votes: rows ``[N, 7]`` sum to one.

        A face without votes for our classes keeps its FER label alone.
        """
        ours = self.votes[:, VOTES].astype(np.float32)
        total = ours.sum(axis=1, keepdims=True)
        share = np.where(total > 0, votes_share, 0.0)
        label = np.eye(CLASSES, dtype=np.float32)[self.labels]
        mixed = (1 - share) * label + share * ours / np.maximum(total, 1)
        return np.asarray(mixed, np.float32)

    def clear_majority(self) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return which faces have one of our classes with at least six of ten votes, and it."""
        ours = self.votes[:, VOTES]
        return ours.max(axis=1) >= CLEAR_MAJORITY, ours.argmax(axis=1)


def read(folder: Path, split: Split, *, duplicates: bool = False) -> Faces:
    """Read one split, by default without duplicates of the other splits.

    Rows with ``keep`` are used: a near-identical face stays only in the most held-out split.
    ``duplicates`` reads every row, as published figures count them. Training drops faces that at
    least half of the annotators call "not a face"; tests do not.

    Raises:
        OSError: a file of the data set is missing or unreadable.
        ValueError: it names other classes than the seven.
    """
    with np.load(folder / "fer2013_labels.npz") as stored:
        rows = (stored["keep"] | duplicates) & (stored["split"] == split)
        if split is Split.TRAINING:
            rows &= stored["ferplus_votes"][:, NOT_A_FACE] < 5
        order = np.array(label_order([str(name) for name in stored["class_names"]]))
        labels = np.argsort(order)[stored["label"][rows]]
        votes = stored["ferplus_votes"][rows]
    mosaic = cv2.imread(str(folder / "fer2013_mosaic.png"), cv2.IMREAD_GRAYSCALE)
    if mosaic is None:
        raise OSError("fer2013_mosaic.png is missing or unreadable")
    tiles = mosaic.reshape(-1, SIDE, COLUMNS, SIDE).swapaxes(1, 2)
    images = np.ascontiguousarray(tiles.reshape(-1, SIDE, SIDE)[: len(rows)][rows], np.uint8)
    return Faces(images, labels.astype(np.int64), votes)
