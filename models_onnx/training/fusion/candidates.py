"""Ways to combine what the modalities show, each fitted by its log loss.

Every one but the first two is a sum of log probabilities; what a modality adds is zero where it has
no evidence.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from esapr.inference.emotions import CLASSES
from esapr.inference.reliability import Learned
from esapr.inference.signals import Modality
from esapr.models_onnx.training.fusion.rows import Rows

Probs = NDArray[np.float32]
Combine = Callable[[Rows], Probs]
COUNT = len(Modality)
STEPS = 300
LEAST_POWER = 0.2
"""Less of a voice is never worth as much: in composed streams a window that is full is often torn
between two spans, which in use it is not more than any other."""
OFFSET_DECAY = 0.003
"""Of the squared offsets: a class has a few dozen items a fold."""


def average(found: Rows) -> Probs:
    """Return the mean of the probabilities of those that are there; uniform if none is."""
    probs = np.exp(found.logs) * found.there[..., None]
    return _normalised(probs.sum(axis=1) + 1e-6)


def surest(found: Rows) -> Probs:
    """Return the probabilities of the modality that is surest."""
    probs = np.where(found.there[..., None], np.exp(found.logs), 1 / CLASSES)
    return _normalised(probs[np.arange(len(probs)), probs.max(axis=2).argmax(axis=1)])


class Pool(nn.Module):
    """``Σ weight · coverage ** power · fading · left · log p``: what the fusion computes.

    With ``learned`` its weights and powers are found, else all weights are one and powers too. With
    ``offsets`` each modality has a constant for each class besides.
    """

    def __init__(self, known: Learned, *, learned: bool, offsets: bool = False) -> None:
        super().__init__()
        self.half_lives = torch.tensor([known.modalities[m].half_life for m in Modality])
        self.weights = nn.Parameter(torch.ones(COUNT), requires_grad=learned)
        self.powers = nn.Parameter(torch.ones(COUNT), requires_grad=learned)
        self.offsets = nn.Parameter(torch.zeros(COUNT, CLASSES), requires_grad=offsets)

    def exponents(self, rows: "Tensors") -> Tensor:
        """Return ``[N, M]``."""
        powers = rows.coverage.clamp(min=1e-3) ** self.powers.clamp(min=LEAST_POWER)
        fading = 0.5 ** (rows.age / self.half_lives)
        return self.weights.clamp(min=0.0) * powers * fading * rows.left * rows.there

    def forward(self, rows: "Tensors") -> Tensor:
        """Return logits ``[N, 7]``."""
        return (self.exponents(rows)[..., None] * (rows.logs + self.offsets)).sum(dim=1)


class Stacked(nn.Module):
    """Multinomial logistic regression on all log probabilities (Wolpert 1992), near the pool."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Parameter(torch.eye(CLASSES).repeat(COUNT, 1, 1))
        self.bias = nn.Parameter(torch.zeros(CLASSES))

    def forward(self, rows: "Tensors") -> Tensor:
        """Return logits ``[N, 7]``."""
        return torch.einsum("nmc,mck->nk", rows.logs * rows.there[..., None], self.maps) + self.bias


class Gated(nn.Module):
    """A network of 16 hidden units says how often each modality's log probabilities count."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(COUNT * 4, 16), nn.Tanh(), nn.Linear(16, COUNT))

    def forward(self, rows: "Tensors") -> Tensor:
        """Return logits ``[N, 7]``."""
        best = rows.logs.max(dim=2).values.exp()
        seen = torch.cat([rows.there, rows.coverage, rows.age / 5, best * rows.there], dim=1)
        counts = nn.functional.softplus(self.gate(seen)) * rows.there
        return (counts[..., None] * rows.logs).sum(dim=1)


class Tensors:
    """Rows as tensors."""

    def __init__(self, found: Rows) -> None:
        self.logs = torch.from_numpy(found.logs)
        self.coverage, self.age = torch.from_numpy(found.coverage), torch.from_numpy(found.age)
        self.left = torch.from_numpy(found.left)
        self.there = torch.from_numpy(found.there.astype(np.float32))
        self.truth = torch.from_numpy(found.truth)


def fitted(module: nn.Module, found: Rows) -> Combine:
    """Fit a module to the rows with evidence; return what it makes of others."""
    known = Tensors(found.of(found.seen))
    free = [each for each in module.parameters() if each.requires_grad]
    if free:
        torch.manual_seed(1)
        optimiser = torch.optim.Adam(free, lr=0.03)
        for _ in range(STEPS):
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(module(known), known.truth)
            if isinstance(module, Pool):
                loss = loss + OFFSET_DECAY * module.offsets.square().sum()
            loss.backward()
            optimiser.step()

    def combine(others: Rows) -> Probs:
        with torch.no_grad():
            return torch.softmax(module(Tensors(others)), dim=1).numpy()

    return combine


def log_losses(probs: Probs, truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log loss of each row."""
    return -np.log(np.maximum(probs[np.arange(len(truth)), truth].astype(np.float64), 1e-6))


def _normalised(probs: Probs) -> Probs:
    return np.asarray(probs / probs.sum(axis=1, keepdims=True), np.float32)
