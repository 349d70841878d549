"""Training on a budget: learning rate and picture size follow the share of it that is spent.

So that a slow machine ends with an annealed network, too (budgeted training, Li et al. 2020,
arXiv:1905.04753). Processor time counts: what others use of a shared machine costs no training. A
run that is stopped goes on from its last epoch.
"""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from esapr.models_onnx.evaluation import fer2013, metrics
from esapr.models_onnx.training import checkpoints
from esapr.models_onnx.training.face.augmentation import augment
from esapr.models_onnx.training.face.expression_network import BEST, standardise
from esapr.models_onnx.training.face.torch_layers import FusedBatchNormalization

WARM_UP = 0.08
ADAM = partial(torch.optim.AdamW, fused=True)
AVERAGING = 0.999
SEED = 7

Body = Callable[[Callable[[], Any]], keras.Model]
"""Makes a network of standardised pictures, given what makes a batch-normalisation layer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``seconds`` of each thread's processor; ``sides``: pairs of a share of it and the side until.

    ``optimiser`` takes groups of parameters; ``peak_rate`` and ``weight_decay`` (of kernels) are
    its. Targets are ``votes_share`` of FER+ votes, the rest the FER2013 label.
    """

    seconds: float
    sides: tuple[tuple[float, int], ...]
    optimiser: Callable[..., torch.optim.Optimizer]
    peak_rate: float
    weight_decay: float
    votes_share: float
    batch: int
    threads: int

    @property
    def side(self) -> int:
        """Side in pixels that the network is made for: the last one."""
        return self.sides[-1][1]

    def side_at(self, progress: float) -> int:
        """Return the picture's side in pixels when ``progress`` of the budget is spent."""
        return next(side for until, side in self.sides if progress <= until)

    def rate_at(self, progress: float) -> float:
        """Return the learning rate when ``progress`` of the budget is spent."""
        return self.peak_rate * one_cycle(progress)


def one_cycle(progress: float) -> float:
    """Return the share of the peak learning rate: a linear rise, then a half cosine to zero."""
    if progress < WARM_UP:
        return 0.05 + 0.95 * progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def repeat_factors(labels: NDArray[np.int64]) -> torch.Tensor:
    """Return how often each face is shown an epoch: ``max(1, sqrt(1/7 / class share))``.

    Rare classes are repeated, common ones are kept whole (Gupta et al. 2019, arXiv:1908.03195).
    """
    counts = np.bincount(labels)
    factors = np.maximum(1.0, np.sqrt(len(labels) / len(counts) / np.maximum(counts, 1)))
    return torch.from_numpy(factors[labels])


class Training:
    """The state of a run: network, average of its weights, optimiser and random numbers."""

    def __init__(self, body: Body, faces: fer2013.Faces, plan: Plan) -> None:
        """Prepare a fresh run; call :func:`prepare_torch` first."""
        self.plan = plan
        normalisation = partial(FusedBatchNormalization, momentum=0.9)
        self.network = body(normalisation)
        self.averaged = body(normalisation)
        self.averaged.set_weights(self.network.get_weights())
        trained = self.network.trainable_variables
        kernels = [v.value for v in trained if "kernel" in v.name]
        others = [v.value for v in trained if "kernel" not in v.name]
        self.variables = kernels + others
        self.optimiser = plan.optimiser(
            [{"params": kernels, "weight_decay": plan.weight_decay}, {"params": others}],
            lr=plan.peak_rate,
            weight_decay=0.0,
        )
        self.generator = torch.Generator().manual_seed(SEED)
        self.images = torch.from_numpy(faces.images)
        self.targets = torch.from_numpy(faces.targets(plan.votes_share))
        self.repeats = repeat_factors(faces.labels)
        self.pool = ThreadPoolExecutor(plan.threads)
        self.spent = 0.0
        self.epoch = 0
        self.steps = 0
        self.best = math.inf

    def run(self, held_out: fer2013.Faces, folder: Path) -> None:
        """Train until the budget is spent; keep the averaged weights that do best on ``held_out``.

        The best have the least cross-entropy against what is trained: the mix of labels and votes.
        ``folder`` gets ``best.npz``, ``log.txt`` and the checkpoint that a later run goes on from.
        """
        self._resume(folder)
        with (folder / "log.txt").open("a", encoding="utf-8") as log:
            while self.spent < self.plan.seconds:
                self._run_epoch(log)
                logits = predict(self.averaged, held_out.images, self.plan.side)
                loss = self._loss_of(logits, held_out)
                print(f"  PublicTest {described(logits, held_out)}", file=log, flush=True)
                if loss < self.best:
                    self.best = loss
                    np.savez(folder / BEST, *self.averaged.get_weights())
                self._save(folder)

    def _loss_of(self, logits: NDArray[np.float32], faces: fer2013.Faces) -> float:
        targets = torch.from_numpy(faces.targets(self.plan.votes_share))
        return torch.nn.functional.cross_entropy(torch.from_numpy(logits), targets).item()

    @property
    def progress(self) -> float:
        """Share of the budget that is spent."""
        return min(self.spent / self.plan.seconds, 1.0)

    def _run_epoch(self, log: Any) -> None:
        """Show every face about once; stop early when the budget is spent."""
        total = 0.0
        rows_of_steps = self._order().split(self.plan.batch)
        bar = tqdm(rows_of_steps, desc=f"epoch {self.epoch}", mininterval=10, leave=False)
        for done, rows in enumerate(bar, 1):
            started = time.process_time()
            total += self._step(rows)
            self.spent += (time.process_time() - started) / self.plan.threads
            if self.spent >= self.plan.seconds:
                break
            bar.set_postfix(loss=f"{total / done:.3f}", spent=f"{self.progress:.1%}")
        self.epoch += 1
        print(
            f"epoch {self.epoch} spent {self.spent:.0f}s side {self.plan.side_at(self.progress)} "
            f"rate {self.plan.rate_at(self.progress):.5f} loss {total / done:.4f}",
            file=log,
            flush=True,
        )

    def _order(self) -> torch.Tensor:
        """Draw an epoch's rows; a fractional repeat is rounded up with its own probability."""
        chance = torch.rand(len(self.repeats), generator=self.generator)
        repeats = (self.repeats + chance).floor().long()
        rows = torch.arange(len(repeats)).repeat_interleave(repeats)
        order = rows[torch.randperm(len(rows), generator=self.generator)]
        return order[: len(order) // self.plan.batch * self.plan.batch]

    def _step(self, rows: torch.Tensor) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate_at(self.progress)
        views = augment(self.images[rows], self.plan.side_at(self.progress), self.generator)
        parts = [part.chunk(self.plan.threads) for part in (views, self.targets[rows])]
        found = list(self.pool.map(self._gradients, *parts))
        for variable, *slopes in zip(self.variables, *(part for _, part in found), strict=True):
            variable.grad = torch.stack(slopes).mean(dim=0)
        self.optimiser.step()
        self.steps += 1
        self._average()
        return sum(loss for loss, _ in found) / len(found)

    def _gradients(
        self, views: torch.Tensor, targets: torch.Tensor
    ) -> tuple[float, tuple[torch.Tensor, ...]]:
        logits = self.network(standardise(views), training=True)
        loss = torch.nn.functional.cross_entropy(logits, targets)
        return loss.item(), torch.autograd.grad(loss, self.variables)

    @torch.no_grad()
    def _average(self) -> None:
        """Follow the weights exponentially, faster at first (Tarvainen & Valpola 2017)."""
        keep = min(AVERAGING, (1 + self.steps) / (10 + self.steps))
        pairs = zip(self.averaged.weights, self.network.weights, strict=True)
        for average, current in pairs:
            if average.value.is_floating_point():
                average.value.lerp_(current.value, 1 - keep)

    def _save(self, folder: Path) -> None:
        """Write the checkpoint of this epoch; a reader never sees half a file."""
        state = {
            # Tensors, as torch reads nothing else back without unpickling.
            "network": [torch.tensor(each) for each in self.network.get_weights()],
            "averaged": [torch.tensor(each) for each in self.averaged.get_weights()],
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "counters": (self.spent, self.epoch, self.steps, self.best),
        }
        checkpoints.save(folder, state)

    def _resume(self, folder: Path) -> None:
        """Go on from the checkpoint in ``folder``, if there is one."""
        state = checkpoints.load(folder)
        if state is None:
            return
        self.network.set_weights([each.numpy() for each in state["network"]])
        self.averaged.set_weights([each.numpy() for each in state["averaged"]])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"])
        self.spent, self.epoch, self.steps, self.best = state["counters"]


def prepare_torch() -> None:
    """Seed, compute in bfloat16, and keep each step's threads to one core each.

    The halves of a batch run on threads of their own. Inside an operation OpenMP's barriers would
    wait for the slowest thread: on a shared machine two threads are slower than one.
    """
    keras.utils.set_random_seed(SEED)
    keras.config.set_dtype_policy("mixed_bfloat16")
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def described(logits: NDArray[np.float32], faces: fer2013.Faces) -> str:
    """Return the figures of an epoch for the log."""
    clear, majority = faces.clear_majority()
    accuracy = metrics.accuracy(logits, faces.labels)
    f1 = metrics.macro_f1(logits, faces.labels)
    agreement = metrics.accuracy(logits[clear], majority[clear])
    return f"{accuracy:.4f} macro-F1 {f1:.4f} FER+ {agreement:.4f}"


@torch.no_grad()
def predict(
    network: Any, images: NDArray[np.uint8], side: int, batch: int = 512
) -> NDArray[np.float32]:
    """Return logits ``[N, 7]`` of uint8 faces ``[N, 48, 48]``, enlarged to ``side``."""
    found = []
    for part in torch.from_numpy(images).split(batch):
        views = torch.nn.functional.interpolate(
            part[:, None].float(), (side, side), mode="bilinear"
        )
        found.append(network(standardise(views.permute(0, 2, 3, 1)), training=False).numpy())
    return np.concatenate(found)
