"""From the expression network's outputs to what the project says of a face."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from esapr.inference.calibration import Calibration, calibrated
from esapr.inference.emotions import Emotion, Scores, label_order


class ExpressionReader:
    """Reads one model's logits: its order of labels and how sure they are."""

    def __init__(self, labels: Sequence[str], calibration: Calibration) -> None:
        """Take both from the model's card.

        Raises:
            ValueError: ``labels`` is not a permutation of the seven classes.
        """
        self._order = label_order(labels)
        self._calibration = calibration

    def scores(self, logits: NDArray[np.float32]) -> Scores:
        """Return probabilities ``[..., 7]`` of logits ``[..., 7]``."""
        return calibrated(logits[..., self._order], self._calibration)

    def winning(
        self, maps: NDArray[np.float32], scores: Scores
    ) -> tuple[list[Emotion], NDArray[np.float32]]:
        """Return the likeliest emotion of each of ``scores`` ``[N, 7]``, and its map.

        Args:
            maps: class-activation maps ``[N, 7, rows, columns]`` in the model's order of labels.
            scores: the probabilities of the same faces.
        """
        winners = scores.argmax(axis=1)
        emotions = [Emotion(index) for index in winners.tolist()]
        return emotions, maps[np.arange(len(maps)), np.asarray(self._order)[winners]]
