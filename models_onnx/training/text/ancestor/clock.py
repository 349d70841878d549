"""Training of the ancestor's networks on a budget of processor time.

The learning rate follows the share of the budget that is spent (Li et al. 2020, arXiv:1905.04753),
so that a run of any length ends annealed. A run that is stopped goes on from its last epoch.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from gensim.models import KeyedVectors
from numpy.typing import NDArray

from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.text.ancestor.networks import WIDTH, WORDS, Build, export
from esapr.models_onnx.training.text.ancestor.rows import Labels, Split, Texts, vectors
from esapr.models_onnx.training.voice import graph

RATE, DECAY = 1e-3, 0.01
BATCH = 64
SEED = 7

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


@dataclass(frozen=True)
class Known:
    """Word2Vec as a table, whose first row, of zeros, is the one of no word."""

    rows: dict[str, int]
    table: NDArray[np.float32]

    @classmethod
    def of(cls, found: KeyedVectors) -> "Known":
        """Return vectors scaled to a spread of one."""
        table = np.concatenate([np.zeros((1, WIDTH), np.float32), found.vectors])
        rows = {word: at + 1 for word, at in found.key_to_index.items()}
        return cls(rows, (table / found.vectors.std()).astype(np.float32))

    def read(self, texts: Texts) -> NDArray[np.int64]:
        """Return the rows of each text's first 300 words that are known, ``[N, 300]``."""
        found = np.zeros((len(texts), WORDS), np.int64)
        for at, text in enumerate(texts):
            rows = [self.rows[word] for word in text if word in self.rows][:WORDS]
            found[at, WORDS - len(rows) :] = rows
        return found


class Training:
    """The state of a run on ``words`` ``[N, 300]`` of a table with ``labels`` ``[N, 5]``."""

    def __init__(self, build: Build, folder: Path, seconds: float) -> None:
        """Start afresh, or where the last epoch in ``folder`` stopped."""
        keras.utils.set_random_seed(SEED)
        self.network = build()
        self.optimiser = keras.optimizers.AdamW(RATE, weight_decay=DECAY, clipnorm=1.0)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        self.network.compile(self.optimiser, loss)
        self.optimiser.build(self.network.trainable_variables)
        self.seconds, self.spent, self.epoch = seconds, 0.0, 0
        self._file = folder / "checkpoint.npz"
        if self._file.exists():
            with np.load(self._file) as stored:
                for name, value in self._state().items():
                    value.assign(stored[name])
                self.spent, self.epoch = float(stored["spent"]), int(stored["epoch"])

    def _state(self) -> dict[str, keras.Variable]:
        state = (*self.network.variables, *self.optimiser.variables)
        return {f"variable_{number}": value for number, value in enumerate(state)}

    def run(self, table: NDArray[np.float32], words: NDArray[np.int64], labels: Labels) -> None:
        """Train until the budget is spent, and keep every epoch."""
        while self.spent < self.seconds:
            order = np.random.default_rng(SEED + self.epoch).permutation(len(words))
            for rows in np.array_split(order, len(order) // BATCH):
                started = time.process_time()
                self.optimiser.learning_rate = RATE * max(1 - self.spent / self.seconds, 0.01)
                self.network.train_on_batch(table[words[rows]], labels[rows].astype(np.float32))
                self.spent += time.process_time() - started
                if self.spent >= self.seconds:
                    break
            self.epoch += 1
            print(f"epoch {self.epoch} spent {self.spent:.0f} s", flush=True)
            self._save()

    def _save(self) -> None:
        """Write what a stopped run goes on from; a reader never sees half of it."""
        partial = self._file.with_suffix(".partial.npz")
        values = {name: value.numpy() for name, value in self._state().items()}
        np.savez(partial, **values, spent=self.spent, epoch=self.epoch, allow_pickle=False)
        partial.rename(self._file)


def said(build: Build, name: str, seconds: float, split: Split) -> Labels:
    """Train a network on a split and return what its exported graph says of the unseen texts."""
    folder = run_folder(f"text_ancestor/{name}_{split.name}")
    known = Known.of(vectors(split.seen + split.others, split.name))
    training = Training(build, folder, seconds)
    training.run(known.table, known.read(split.seen), split.labels)
    export(training.network, folder / "model.onnx")
    session = graph.session(folder / "model.onnx")
    logits = [
        session.run(["logits"], {"words": known.table[words][np.newaxis]})[0]
        for words in known.read(split.unseen)
    ]
    return np.asarray(np.concatenate(logits) > 0)
