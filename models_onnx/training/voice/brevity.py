"""Little speech, little certainty: logits shrink with what was heard, at a rate fitted to figures.

The temperature that fits actors who were held out rises from 0.75 at two seconds to 1.57 at 0.6,
and its logarithm is linear in the inverse of the seconds. The graph knows how much it was given, so
it is the graph that shrinks them (docs/decisions/0055).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from esapr.inference.calibration import Calibration
from esapr.inference.signals import SAMPLE_RATE
from esapr.inference.voice.activity import PIECE
from esapr.models_onnx.evaluation.heard import LEAST_SECONDS, MOST_SECONDS, RATE, Heard
from esapr.models_onnx.evaluation.metrics import fit_calibration, fit_temperature, log_loss

RATES = np.arange(0.0, 1.5, 0.02)


class Brevity(nn.Module):
    """Logits ``[N, 7]`` of samples ``[N, T, 320]``, shrunken; at a rate of zero as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.rate = nn.Parameter(torch.zeros(1), requires_grad=False)

    def set(self, rate: float) -> None:
        """Take a fitted rate."""
        self.rate.data.fill_(rate)

    def constants(self) -> dict[str, NDArray[np.float32]]:
        """Return the rate by its name in the graph."""
        return {RATE: self.rate.numpy()}

    def forward(self, logits: Tensor, samples: Tensor) -> Tensor:
        """Return logits that are as sure as so much speech allows."""
        heard = (samples.abs().amax(dim=2) > 0).to(logits.dtype).sum(dim=1, keepdim=True)
        seconds = (heard * (PIECE / SAMPLE_RATE)).clamp(LEAST_SECONDS, MOST_SECONDS)
        return logits * torch.exp(self.rate * (1 / MOST_SECONDS - 1 / seconds))


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure scores are: the ``rate`` that is in the graph, and the calibration on the card."""

    rate: float
    calibration: Calibration

    @classmethod
    def fitted(cls, heard: Heard, labels: NDArray[np.int64]) -> "Certainty":
        """Return what has the least log loss."""

        def loss(rate: float) -> float:
            logits = heard.at(rate)
            return log_loss(logits, labels, fit_temperature(logits, labels))

        rate = min(RATES.tolist(), key=loss)
        return cls(rate, fit_calibration(heard.at(rate), labels))
