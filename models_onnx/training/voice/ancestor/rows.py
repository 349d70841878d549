"""The rows: how each is trained without a fold, and what it says of the fold.

Figures of the ancestor's are those of the exported graphs.
"""

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from esapr.models_onnx.training.face.budgeted import prepare_torch
from esapr.models_onnx.training.voice import graph
from esapr.models_onnx.training.voice.ancestor import spectrograms, support_vectors
from esapr.models_onnx.training.voice.ancestor.clock import Training, keep_memory
from esapr.models_onnx.training.voice.ancestor.statistics import statistics
from esapr.models_onnx.training.voice.corpora import clips, sounds
from esapr.models_onnx.training.voice.features import load
from esapr.models_onnx.training.voice.folds import CHOICE, Speakers, trained
from esapr.models_onnx.training.voice.head import flat
from esapr.models_onnx.training.voice.views import VIEWS

Logits = NDArray[np.float32]
_EXPORT = "esapr.models_onnx.training.voice.ancestor.export_network"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What a row says of the clips of one fold: ``logits`` ``[N, 7]`` are one for the label alone.

    ``epochs`` are those of a network, ``size`` are bytes of the graph.
    """

    logits: Logits
    size: int | None = None
    epochs: int | None = None


class Machine:
    """The support-vector machine on statistics of short-term features."""

    def __init__(self, folder: Path) -> None:
        """Compute the features of every clip (half a minute), once."""
        path = folder / "statistics.npy"
        if not path.exists():
            np.save(path, np.stack([statistics(samples) for samples in sounds(clips("ravdess"))]))
        self._features = np.load(path)

    def held_out(
        self, labels: NDArray[np.int64], folds: NDArray[np.int64], fold: int, folder: Path
    ) -> HeldOut:
        """Train without ``fold``, choosing inside the other folds; score ``fold``."""
        seen = folds != fold
        pipeline = support_vectors.fitted(self._features[seen], labels[seen], folds[seen])
        path = folder / "model.onnx"
        support_vectors.export(pipeline, self._features, path)
        found = graph.session(path).run(None, {"X": self._features[~seen]})[0]
        return HeldOut(np.eye(7, dtype=np.float32)[found], path.stat().st_size)


class Network:
    """The convolutional network and LSTM on five windows of a log-mel spectrogram."""

    def __init__(self, folder: Path, minutes: float) -> None:
        """Compute the spectrograms of every clip and of two noisy copies, once."""
        self._spectrograms = spectrograms.load(folder)
        self._seconds = minutes * 60

    def held_out(
        self, labels: NDArray[np.int64], folds: NDArray[np.int64], fold: int, folder: Path
    ) -> HeldOut:
        """Train without ``fold`` for the budget, or go on; score ``fold``, without noise."""
        (seen,) = np.nonzero(folds != fold)
        keras.backend.clear_session()
        prepare_torch()
        keep_memory()
        training = Training(self._spectrograms[:, seen], labels[seen], self._seconds)
        training.run(folder)
        subprocess.run([sys.executable, "-m", _EXPORT, str(folder)], check=True)
        path = folder / "model.onnx"
        session = graph.session(path)
        logits = [
            session.run(["logits"], {"windows": spectrograms.windows(clip[None])})[0][0]
            for clip in self._spectrograms[0, folds == fold]
        ]
        return HeldOut(np.stack(logits), path.stat().st_size, training.epoch)


class Discriminant:
    """The discriminant that the shipped network begins as, for comparison."""

    def __init__(self) -> None:
        """Load the features of Whisper's layers, or compute them (minutes)."""
        self._acted, self._tess = load("ravdess"), load("tess")

    def held_out(
        self, labels: NDArray[np.int64], folds: NDArray[np.int64], fold: int, folder: Path
    ) -> HeldOut:
        """Train without ``fold`` and score its whole clips; nothing is kept."""
        del labels, folder
        acted = replace(self._acted, fold=np.repeat(folds, len(VIEWS["ravdess"])))
        head = trained(Speakers(acted, self._tess).without((fold,)), CHOICE)
        tested = (acted.fold == fold) & (acted.view == 0)
        return HeldOut(head.logits(flat(acted)[tested].astype(np.float32)))
