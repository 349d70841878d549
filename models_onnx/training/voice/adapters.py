"""What is trained on top of Whisper's frozen layers, and the network that it makes.

Products of low rank beside the linear maps of the upper layers (LoRA, Hu et al. 2021,
arXiv:2106.09685), attentive statistics pooling of every layer (Okabe et al. 2018,
arXiv:1803.10963) and one linear map. All of it begins as the linear discriminant of plain
statistics (:mod:`.head`): the products as zero, the attention as uniform.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from esapr.models_onnx.training.voice.brevity import Brevity
from esapr.models_onnx.training.voice.features import LAYERS
from esapr.models_onnx.training.voice.head import Head
from esapr.models_onnx.training.voice.whisper import (
    WIDTH,
    PooledEncoder,
    Uniform,
    Variables,
)

RANK = 8
ADAPTED = (2, 3)
"""Layers, from 1, whose linear maps have a product beside them."""

_MAPS = ("projections", "attended", "wide", "narrow")
_HIDDEN = 64
_MASKED = -1e4

Constants = dict[str, NDArray[np.float32]]
"""What is trained, by its name in the exported graph."""


class Adapted(nn.Module):
    """A frozen linear map and a trained product of low rank beside it."""

    def __init__(self, frozen: nn.Linear) -> None:
        super().__init__()
        self.frozen = frozen
        self.in_features = frozen.in_features
        spread = frozen.in_features**-0.5
        self.down = nn.Parameter(torch.randn(frozen.in_features, RANK) * spread)
        self.up = nn.Parameter(torch.zeros(RANK, frozen.out_features))

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both, ``[..., out]``."""
        # Parameters, not layers: the exporter keeps their names, by which folds replace them.
        return self.frozen(x) + x @ self.down @ self.up


class Attention(Uniform):
    """Weights of moments by what is heard in them, ``[N, T, W]`` -> ``[N, T, 1]``."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(WIDTH, _HIDDEN) * WIDTH**-0.5)
        self.shift = nn.Parameter(torch.zeros(_HIDDEN))
        self.up = nn.Parameter(torch.zeros(_HIDDEN, 1))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return weights that are zero where ``mask`` is, and sum to one over time."""
        scores = torch.tanh(x @ self.down + self.shift) @ self.up
        return super().forward(x, mask * torch.softmax(scores + (1.0 - mask) * _MASKED, dim=1))


class Classifier(nn.Module):
    """Samples ``[N, T, 320]`` -> logits ``[N, 7]``."""

    def __init__(self, variables: Variables, head: Head) -> None:
        super().__init__()
        self.encoder = PooledEncoder(variables, LAYERS)
        self.encoder.requires_grad_(False)
        for number in ADAPTED:
            layer = self.encoder.encoder.layers[number - 1]
            for name in _MAPS:
                setattr(layer, name, Adapted(getattr(layer, name)))
        self.encoder.weighting = nn.ModuleList(Attention() for _ in LAYERS)
        self.head = nn.Linear(head.weight.shape[1], head.weight.shape[0])
        weight, bias = torch.from_numpy(head.weight), torch.from_numpy(head.bias)
        self.head.load_state_dict({"weight": weight, "bias": bias})
        self.brevity = Brevity()

    def forward(self, samples: Tensor) -> Tensor:
        """Return logits in the order of ``esapr.inference.emotions``."""
        return self.brevity(self.head(self.encoder(samples.flatten(1))), samples)

    def trained(self) -> Constants:
        """Return what is trained, by name."""
        return {
            name: value.detach().numpy().copy()
            for name, value in self.named_parameters()
            if value.requires_grad
        }

    def with_constants(self, constants: Constants) -> Self:
        """Take ``constants`` in place of what is trained, and return the network."""
        state = {name: torch.from_numpy(value) for name, value in constants.items()}
        missing = set(self.trained()) - set(state)
        if missing:
            raise ValueError(f"no value for {sorted(missing)}")
        self.load_state_dict(state, strict=False)
        return self


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of every pooled feature over what is learned from: ``[D]``."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    def apart(self, head: Head) -> Head:
        """Return the head for features that are standardised."""
        return Head(head.weight * self.deviation, head.bias + head.weight @ self.mean)

    def together(self, head: Head) -> Head:
        """Return the head for features as they are, from one for standardised ones."""
        weight = head.weight / self.deviation
        return Head(weight, (head.bias - weight @ self.mean).astype(np.float32))
