"""Train the network: ``python -m esapr.models_onnx.training.face.train_expression``.

The schedule follows the clock, not the epoch count: learning rate and picture size depend on the
share of ``--minutes`` that is spent (budgeted training, Li et al. 2020, arXiv:1905.04753), so that
a shared machine ends in time with an annealed network. A run that is stopped goes on from its
last epoch.
"""

import argparse
import math
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from esapr.models_onnx.evaluation import fer2013, metrics
from esapr.models_onnx.training.face.augmentation import augment
from esapr.models_onnx.training.face.expression_network import BEST, body, standardise
from esapr.models_onnx.training.face.torch_layers import FusedBatchNormalization
from esapr.models_onnx.training.folders import data_folder, run_folder

BATCH = 128
PEAK_RATE = 0.1
WARM_UP = 0.08
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4
VOTES_SHARE = 0.35
AVERAGING = 0.999
SEED = 7
# (share of the budget up to which, side in pixels): small pictures cost 0.44 and 0.69 of a full
# one and teach the coarse shapes first. Sides are multiples of 8, so that the stages halve evenly.
SIDES = ((0.4, 32), (0.7, 40), (1.0, 48))


def side_at(progress: float) -> int:
    """Return the picture's side in pixels when ``progress`` of the budget is spent."""
    return next(side for until, side in SIDES if progress <= until)


def rate_at(progress: float) -> float:
    """Return the learning rate: a linear rise, then a half cosine to zero (one cycle)."""
    if progress < WARM_UP:
        return PEAK_RATE * (0.05 + 0.95 * progress / WARM_UP)
    return PEAK_RATE * 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def repeat_factors(labels: NDArray[np.int64]) -> torch.Tensor:
    """Return how often each face is shown an epoch: ``max(1, sqrt(1/7 / class share))``.

    Rare classes are repeated, common ones are kept whole (Gupta et al. 2019, arXiv:1908.03195).
    """
    counts = np.bincount(labels)
    factors = np.maximum(1.0, np.sqrt(len(labels) / len(counts) / np.maximum(counts, 1)))
    return torch.from_numpy(factors[labels])


class Training:
    """The state of a run: network, average of its weights, optimiser and random numbers."""

    def __init__(self, faces: fer2013.Faces, held_out: fer2013.Faces, budget: float) -> None:
        """Prepare a fresh run of ``budget`` seconds."""
        keras.utils.set_random_seed(SEED)
        keras.config.set_dtype_policy("mixed_bfloat16")
        normalisation = partial(FusedBatchNormalization, momentum=0.9)
        self.network = body(normalisation)
        self.averaged = body(normalisation)
        self.averaged.set_weights(self.network.get_weights())
        kernels = [v.value for v in self.network.trainable_variables if v.name == "kernel"]
        others = [v.value for v in self.network.trainable_variables if v.name != "kernel"]
        self.optimiser = torch.optim.SGD(
            [{"params": kernels, "weight_decay": WEIGHT_DECAY}, {"params": others}],
            lr=PEAK_RATE,
            momentum=MOMENTUM,
            nesterov=True,
        )
        self.generator = torch.Generator().manual_seed(SEED)
        self.images = torch.from_numpy(faces.images)
        self.targets = torch.from_numpy(faces.targets(VOTES_SHARE))
        self.repeats = repeat_factors(faces.labels)
        self.held_out = held_out
        self.budget = budget
        self.spent = 0.0
        self.epoch = 0
        self.steps = 0
        self.best = 0.0

    def run_epoch(self, log: Any) -> None:
        """Show every face about once; stop early when the budget is spent."""
        order = self._order()
        total = 0.0
        bar = tqdm(order.split(BATCH), desc=f"epoch {self.epoch}", mininterval=10, leave=False)
        for done, rows in enumerate(bar, 1):
            started = time.perf_counter()
            total += self._step(rows)
            self.spent += time.perf_counter() - started
            if self.spent >= self.budget:
                break
            bar.set_postfix(loss=f"{total / done:.3f}", spent=f"{self.spent / self.budget:.1%}")
        self.epoch += 1
        print(
            f"epoch {self.epoch} spent {self.spent:.0f}s side {side_at(self.progress)} "
            f"rate {rate_at(self.progress):.4f} loss {total / done:.4f}",
            file=log,
            flush=True,
        )

    @property
    def progress(self) -> float:
        """Share of the budget that is spent."""
        return min(self.spent / self.budget, 1.0)

    def _order(self) -> torch.Tensor:
        """Draw an epoch's rows; a fractional repeat is rounded up with its own probability."""
        chance = torch.rand(len(self.repeats), generator=self.generator)
        repeats = (self.repeats + chance).floor().long()
        rows = torch.arange(len(repeats)).repeat_interleave(repeats)
        order = rows[torch.randperm(len(rows), generator=self.generator)]
        return order[: len(order) // BATCH * BATCH]

    def _step(self, rows: torch.Tensor) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.progress)
        views = augment(self.images[rows], side_at(self.progress), self.generator)
        logits = self.network(standardise(views), training=True)
        loss = torch.nn.functional.cross_entropy(logits, self.targets[rows])
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.steps += 1
        self._average()
        return loss.item()

    @torch.no_grad()
    def _average(self) -> None:
        """Follow the weights exponentially, faster at first (Tarvainen & Valpola 2017)."""
        keep = min(AVERAGING, (1 + self.steps) / (10 + self.steps))
        pairs = zip(self.averaged.weights, self.network.weights, strict=True)
        for average, current in pairs:
            if average.value.is_floating_point():
                average.value.lerp_(current.value, 1 - keep)

    def evaluate(self) -> tuple[float, float]:
        """Return accuracy and macro-F1 of the averaged network on the held-out faces."""
        logits = predict(self.averaged, self.held_out.images)
        labels = self.held_out.labels
        return metrics.accuracy(logits, labels), metrics.macro_f1(logits, labels)

    def save(self, folder: Path) -> None:
        """Write the checkpoint of this epoch; a reader never sees half a file."""
        state = {
            # Tensors, as torch reads nothing else back without unpickling.
            "network": [torch.tensor(each) for each in self.network.get_weights()],
            "averaged": [torch.tensor(each) for each in self.averaged.get_weights()],
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "counters": (self.spent, self.epoch, self.steps, self.best),
        }
        torch.save(state, folder / "checkpoint.partial")
        (folder / "checkpoint.partial").rename(folder / "checkpoint.pt")

    def resume(self, folder: Path) -> None:
        """Go on from the checkpoint in ``folder``, if there is one."""
        if not (folder / "checkpoint.pt").exists():
            return
        state = torch.load(folder / "checkpoint.pt", weights_only=True)
        self.network.set_weights([each.numpy() for each in state["network"]])
        self.averaged.set_weights([each.numpy() for each in state["averaged"]])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"])
        self.spent, self.epoch, self.steps, self.best = state["counters"]


@torch.no_grad()
def predict(network: Any, images: NDArray[np.uint8], batch: int = 512) -> NDArray[np.float32]:
    """Return logits ``[N, 7]`` of uint8 faces ``[N, 48, 48]``."""
    parts = torch.from_numpy(images).split(batch)
    return np.concatenate(
        [network(standardise(part.float()[..., None]), training=False).numpy() for part in parts]
    )


def main() -> None:
    """Train until the budget is spent; keep the averaged weights that do best on PublicTest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=70.0, help="budget of training time")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--run", default="face_expression", help="name of the run's folder")
    arguments = parser.parse_args()
    # OpenMP's barriers wait for the slowest thread: on a shared machine two threads are slower
    # than one (18 against 130 images/s with another training beside it).
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    source, folder = data_folder() / "face", run_folder(arguments.run)
    training = Training(
        fer2013.read(source, fer2013.Split.TRAINING),
        fer2013.read(source, fer2013.Split.PUBLIC_TEST),
        arguments.minutes * 60,
    )
    training.resume(folder)
    with (folder / "log.txt").open("a", encoding="utf-8") as log:
        while training.spent < training.budget:
            training.run_epoch(log)
            accuracy, f1 = training.evaluate()
            print(f"  PublicTest {accuracy:.4f} macro-F1 {f1:.4f}", file=log, flush=True)
            if accuracy > training.best:
                training.best = accuracy
                np.savez(folder / BEST, *training.averaged.get_weights())
            training.save(folder)


if __name__ == "__main__":
    main()
