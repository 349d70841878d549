"""Logits of stretches of speech, and how sure the graph lets them be of little speech.

The graph divides its logits by ``exp(rate · (1/seconds - 1/2.5))`` (docs/decisions/0055). At a rate
of zero it gives them as they are, from which those of every other rate follow.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE
from esapr.inference.voice.activity import LENGTHS, MOST

RATE = "brevity.rate"
"""Name of the rate in the graph, ``[1]``."""

LEAST_SECONDS, MOST_SECONDS = LENGTHS / SAMPLE_RATE, MOST / SAMPLE_RATE

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What was scored at a rate of zero: ``logits`` ``[N, 7]``, ``seconds`` of speech ``[N]``."""

    logits: Logits
    seconds: NDArray[np.float64]

    def at(self, rate: float | NDArray[np.float32]) -> Logits:
        """Return the logits that the graph gives at ``rate``, one or ``[N]``."""
        seconds = np.clip(self.seconds, LEAST_SECONDS, MOST_SECONDS)
        factor = np.exp(rate * (1 / MOST_SECONDS - 1 / seconds))[:, None]
        return np.asarray(self.logits * factor, np.float32)

    def where(self, rows: NDArray[np.bool_]) -> "Heard":
        """Return those of ``rows``."""
        return Heard(self.logits[rows], self.seconds[rows])


def together(parts: Iterable[Heard]) -> Heard:
    """Return the rows of all ``parts``, one after the other."""
    rows = list(parts)
    return Heard(
        np.concatenate([each.logits for each in rows]),
        np.concatenate([each.seconds for each in rows]),
    )


def seconds_of(pieces: NDArray[np.float32]) -> float:
    """Return how much of ``[1, T, 320]`` is speech: exact zeros are none."""
    return float(pieces.any(axis=2).sum() * pieces.shape[2] / SAMPLE_RATE)
