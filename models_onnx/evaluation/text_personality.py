"""Figures of the personality model on essays that its weights have not seen.

What ships is fitted on all essays, so nothing is left to test it on. ``folds.npz`` beside it has
ten heads on the same encoder, each fitted without one tenth of the essays; every essay is read by
the head that has not seen it (docs/decisions/0043).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from textwrap import wrap
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from esapr.inference.cards import Arrays
from esapr.inference.models import Model
from esapr.inference.text.clean import MAX_CHARACTERS, clean
from esapr.inference.text.personality import arrays_of, read_whole_tokenizer
from esapr.inference.text.traits import TRAITS, Chunks, Token, words_in
from esapr.models_onnx.evaluation.essays import Essays

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Read:
    """The chunks of all texts: whose they are, how many words they have and what was read.

    ``owner`` and ``words`` int64 ``[M]``, ``features`` float32 ``[M, D]``.
    """

    owner: NDArray[np.int64]
    words: NDArray[np.int64]
    features: NDArray[np.float32]


@dataclass(frozen=True)
class Heads:
    """One linear head a fold: ``weights`` ``[K, D, 5]`` and ``bias`` ``[K, 5]``."""

    weights: Floats
    bias: Floats


def chunks_of(text: str, tokenizer: Tokenizer) -> list[Sequence[Token]]:
    """Return the chunks of a whole text, as a document's are read."""
    chunks = Chunks()
    found: list[Sequence[Token]] = []
    for line in wrap(text, MAX_CHARACTERS):
        encoding = tokenizer.encode(clean(line), add_special_tokens=False)
        found += chunks.add(encoding.ids, encoding.tokens)
    return [*found, *chunks.rest()]


def read_texts(run: Callable[[Arrays], Arrays], tokenizer: Tokenizer, texts: Sequence[str]) -> Read:
    """Read every chunk of every text by itself, as a quiet server does, with the graph of ``run``.

    It takes the arrays of one chunk and returns its ``features``.
    """
    owner, words, features = [], [], []
    for at, text in enumerate(texts):
        for chunk in chunks_of(text, tokenizer):
            arrays = arrays_of(chunk)
            batch = {name: values[np.newaxis] for name, values in arrays.items()}
            features.append(run(batch)["features"][0])
            owner.append(at)
            words.append(words_in(chunk))
    return Read(np.array(owner), np.array(words), np.array(features))


def means(values: Floats, read: Read, count: int) -> Floats:
    """Return the mean over the words of each text, ``[count, ...]``, of a value a chunk."""
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, read.owner, values * read.words[:, np.newaxis])
    return sums / np.bincount(read.owner, read.words, count)[:, np.newaxis]


def read_heads(model: Model) -> Heads:
    """Return the heads beside a model.

    Raises:
        HashMismatchError: the file is not the one of the card.
    """
    with np.load(BytesIO(model.card.file("folds.npz"))) as stored:
        return Heads(*(stored[name].astype(np.float64) for name in ("weights", "bias")))


def unseen(heads: Heads, read: Read, folds: NDArray[np.int64]) -> Floats:
    """Return the logits of every chunk, ``[M, 5]``, by the head that has not seen its author."""
    fold = folds[read.owner]
    logits = np.einsum("md,mdt->mt", read.features, heads.weights[fold])
    return np.asarray(logits + heads.bias[fold], np.float64)


def figures(right: NDArray[np.bool_], folds: NDArray[np.int64]) -> dict[str, Any]:
    """Return the mean accuracy over folds, and how far folds are apart, of each trait.

    ``right`` is ``[N, 5]``.
    """
    rows = np.array([right[folds == fold].mean(axis=0) for fold in np.unique(folds)])
    return {
        "traits": {
            name: {"accuracy": round(float(mean), 4), "fold_deviation": round(float(spread), 4)}
            for name, mean, spread in zip(TRAITS, rows.mean(axis=0), rows.std(axis=0), strict=True)
        },
        "mean_accuracy": round(float(rows.mean()), 4),
    }


def evaluate(model: Model, found: Essays) -> dict[str, Any]:
    """Return accuracies on essays, each by the head that has not seen it.

    Raises:
        HashMismatchError: a file of the model is not the one of its card.
    """
    began = process_time()
    read = read_texts(model.run, read_whole_tokenizer(model.card), found.texts)
    spent = process_time() - began
    logits = means(unseen(read_heads(model), read, found.folds), read, len(found.texts))
    return {
        "essays": len(found.texts),
        **figures((logits > 0) == found.labels, found.folds),
        "ms_per_item": round(1000 * spent / len(read.words), 2),
    }
