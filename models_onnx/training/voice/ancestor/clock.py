"""Training of the ancestor's network on a budget of processor time, on Keras's torch backend.

The learning rate follows the share of the budget that is spent (Li et al. 2020, arXiv:1905.04753),
so that a run of any length ends annealed. A run that is stopped goes on from its last epoch.
"""

import ctypes
import time
from pathlib import Path

import keras
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from esapr.models_onnx.training import checkpoints
from esapr.models_onnx.training.face.budgeted import ADAM, one_cycle
from esapr.models_onnx.training.voice.ancestor import networks
from esapr.models_onnx.training.voice.ancestor.spectrograms import windows

RATE, DECAY = 2e-3, 0.01
BATCH = 16
SEED = 7

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Parameters of glibc's ``mallopt`` (``malloc.h``)."""


class Training:
    """The state of a run on spectrograms ``[copies, N, 384, 128]`` with labels ``[N]``.

    An epoch shows every clip once: the clip as it is, or one of its noisy copies.
    """

    def __init__(
        self, spectrograms: NDArray[np.float16], labels: NDArray[np.int64], seconds: float
    ) -> None:
        """Prepare a fresh run of ``seconds`` on a processor; call ``prepare_torch`` first."""
        self.local, self.sequence = networks.local(), networks.sequence()
        trained = (*self.local.trainable_variables, *self.sequence.trainable_variables)
        self.optimiser = ADAM([v.value for v in trained], lr=RATE, weight_decay=DECAY)
        self.spectrograms, self.labels, self.seconds = spectrograms, labels, seconds
        self.random = np.random.default_rng(SEED)
        self.spent, self.epoch = 0.0, 0

    def run(self, folder: Path) -> None:
        """Train until the budget is spent; ``folder`` gets the log, checkpoints and weights."""
        self._resume(folder)
        with (folder / "log.txt").open("a", encoding="utf-8") as log:
            while self.spent < self.seconds:
                loss = self._run_epoch()
                line = f"epoch {self.epoch} spent {self.spent:.0f} s loss {loss:.4f}"
                print(line, file=log, flush=True)
                self._save(folder)
        parts = (*self.local.get_weights(), *self.sequence.get_weights())
        np.savez(folder / networks.WEIGHTS, *parts)

    def _run_epoch(self) -> float:
        """Show every clip about once; stop early when the budget is spent. Return the mean loss."""
        order = self.random.permutation(len(self.labels))
        batches = np.array_split(order, max(len(order) // BATCH, 1))
        losses = []
        for rows in tqdm(batches, desc=f"epoch {self.epoch}", mininterval=10, leave=False):
            started = time.process_time()
            losses.append(self._step(rows))
            self.spent += time.process_time() - started
            if self.spent >= self.seconds:
                break
        self.epoch += 1
        return float(np.mean(losses))

    def _step(self, rows: NDArray[np.int64]) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * one_cycle(min(self.spent / self.seconds, 1.0))
        copies = self.random.integers(len(self.spectrograms), size=len(rows))
        shown = torch.from_numpy(windows(self.spectrograms[copies, rows]))
        logits = self._logits(shown)
        loss = functional.cross_entropy(logits, torch.from_numpy(self.labels[rows]))
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def _logits(self, shown: Tensor) -> Tensor:
        features = local_features(self.local, shown.flatten(0, 1))
        return self.sequence(features.unflatten(0, shown.shape[:2]), training=True).float()

    def _save(self, folder: Path) -> None:
        """Write the checkpoint of this epoch; a reader never sees half a file."""
        state = {
            # Tensors, as torch reads nothing else back without unpickling.
            "local": [torch.tensor(each) for each in self.local.get_weights()],
            "sequence": [torch.tensor(each) for each in self.sequence.get_weights()],
            "optimiser": self.optimiser.state_dict(),
            "counters": (self.spent, self.epoch),
        }
        checkpoints.save(folder, state)

    def _resume(self, folder: Path) -> None:
        """Go on from the checkpoint in ``folder``, if there is one."""
        state = checkpoints.load(folder)
        if state is None:
            return
        self.local.set_weights([each.numpy() for each in state["local"]])
        self.sequence.set_weights([each.numpy() for each in state["sequence"]])
        self.optimiser.load_state_dict(state["optimiser"])
        self.spent, self.epoch = state["counters"]
        self.random = np.random.default_rng(SEED + self.epoch)


def local_features(local: keras.Model, shown: Tensor) -> Tensor:
    """Return what ``local`` gives in training: ``[N, 128, 128, 1]`` to ``[N, 128]``, bfloat16.

    Keras's torch backend lays the numbers out anew around every convolution and pooling, which
    takes most of the time of a network with so few channels. Here they stay as they are, the
    channels innermost. Weights and moving statistics are those of the Keras layers.
    """
    # One channel lies innermost and outermost alike: without the copy torch takes the latter for
    # every layer, which makes a step 1.7 times as long.
    x = shown.permute(0, 3, 1, 2).bfloat16().clone(memory_format=torch.channels_last)
    for layer in local.layers:
        match layer:
            case keras.layers.Conv2D():
                kernel = layer.kernel.value.permute(3, 2, 0, 1).to(x.dtype)
                x = functional.conv2d(x, kernel, layer.bias.value.to(x.dtype), padding="same")
            case keras.layers.BatchNormalization():
                x = _normalised(layer, x)
            case keras.layers.MaxPooling2D():
                x = functional.max_pool2d(x, layer.pool_size)
            case keras.layers.Activation():
                x = functional.elu(x)
            case keras.layers.Dropout():
                x = _dropped(layer, x)
    return x.flatten(1)


def keep_memory() -> None:
    """Have glibc keep the memory that is freed: fresh pages cost a third of a step."""
    library = ctypes.CDLL(None)
    library.mallopt(_MMAP_MAX, 0)
    library.mallopt(_TRIM_THRESHOLD, -1)


def _dropped(layer: keras.layers.Dropout, x: Tensor) -> Tensor:
    """Drop to within 1/256 of the layer's rate: bytes are drawn three times as fast as floats."""
    lowest = round(256 * layer.rate)
    kept = torch.empty_like(x, dtype=torch.uint8).random_(256) >= lowest
    return x * kept * (256 / (256 - lowest))


def _normalised(layer: keras.layers.BatchNormalization, x: Tensor) -> Tensor:
    return functional.batch_norm(
        x,
        layer.moving_mean.value,
        layer.moving_variance.value,
        layer.gamma.value,
        layer.beta.value,
        training=True,
        # Keras's momentum is the share kept, torch's the share replaced.
        momentum=1.0 - layer.momentum,
        eps=layer.epsilon,
    )
