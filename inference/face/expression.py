"""From the expression network's logits to calibrated scores in the project's order."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from esapr.inference.calibration import calibrated
from esapr.inference.emotions import Scores, label_order


class ExpressionReader:
    """Reads one model's logits: its order of labels and its temperature."""

    def __init__(self, labels: Sequence[str], temperature: float) -> None:
        """Take both from the model's card.

        Raises:
            ValueError: ``labels`` is not a permutation of the seven classes.
        """
        self._order = label_order(labels)
        self._temperature = temperature

    def scores(self, logits: NDArray[np.float32]) -> Scores:
        """Return probabilities ``[..., 7]`` of logits ``[..., 7]``."""
        return calibrated(logits[..., self._order], self._temperature)
