"""GoEmotions (Demszky et al. 2020) and XED (Öhman et al. 2020), folded to the seven classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import CLASSES, LABELS
from esapr.inference.text.clean import clean
from esapr.models_onnx.evaluation.tables import columns

GROUPS = {
    "angry": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "happy": (
        *("admiration", "amusement", "approval", "caring", "desire", "excitement"),
        *("gratitude", "joy", "love", "optimism", "pride", "relief"),
    ),
    "sad": ("disappointment", "embarrassment", "grief", "remorse", "sadness"),
    "surprise": ("confusion", "curiosity", "realization", "surprise"),
    "neutral": ("neutral",),
}
"""The grouping that comes with GoEmotions' code (``ekman_mapping.json``)."""

FINE = tuple(fine for label in LABELS for fine in GROUPS[label])
"""GoEmotions' labels, in the order of the classes that they are folded into."""

# Plutchik's anticipation and trust have no counterpart among the seven classes.
_XED_LABELS = {"anger": "angry", "joy": "happy", "sadness": "sad"}


@dataclass(frozen=True)
class Corpus:
    """Cleaned lines and the labels that annotators gave them.

    ``labels`` is float32 ``[N, 7]`` of zeros and ones, at least one per row: annotators may see
    several expressions in one line. ``fine`` is the same of GoEmotions' 28 labels, ``[N, 28]`` in
    the order of :data:`FINE`; zeros where a line was not labelled so finely.
    """

    texts: list[str]
    labels: NDArray[np.float32]
    fine: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.texts)

    @property
    def soft(self) -> NDArray[np.float32]:
        """Labels as a distribution: rows sum to one."""
        return np.asarray(self.labels / self.labels.sum(axis=1, keepdims=True), np.float32)

    @property
    def single(self) -> NDArray[np.bool_]:
        """Rows that carry exactly one label."""
        return np.asarray(self.labels.sum(axis=1) == 1)

    def rows(self, chosen: Sequence[int] | NDArray[np.intp]) -> "Corpus":
        """Return the lines of those numbers."""
        return Corpus([self.texts[row] for row in chosen], self.labels[chosen], self.fine[chosen])

    def __add__(self, other: "Corpus") -> "Corpus":
        """Return both corpora as one."""
        return Corpus(
            self.texts + other.texts,
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.fine, other.fine]),
        )


def goemotions(folder: Path, split: str) -> Corpus:
    """Return the official ``train``, ``dev`` or ``test`` split of GoEmotions (Reddit).

    Raises:
        OSError: ``goemotions.parquet`` is not in ``folder``, or unreadable.
        ReaderMissingError: there is no pyarrow.
    """
    return _corpus(folder / "goemotions.parquet", split, "labels7")


def xed(folder: Path, split: str) -> Corpus:
    """Return a split of English XED (film subtitles), by a hash of the text.

    Raises what :func:`goemotions` does, of ``xed_en.parquet``.
    """
    return _corpus(folder / "xed_en.parquet", split, "labels8")


def english_lines(folder: Path, split: str) -> list[str]:
    """Return the lines of both corpora as they were written, labelled or not.

    Raises what :func:`goemotions` does.
    """
    files = (folder / name for name in ("goemotions.parquet", "xed_en.parquet"))
    return [text for file in files for text in columns(file, split)["text"]]


def _corpus(file: Path, split: str, column: str) -> Corpus:
    rows = columns(file, split)
    texts = [clean(text.replace("[PERSON]", "[NAME]")) for text in rows["text"]]
    labels = np.stack([_multi_hot(names) for names in rows[column]])
    usable = (labels.sum(axis=1) > 0) & np.array([bool(text) for text in texts])
    kept = [text for text, use in zip(texts, usable, strict=True) if use]
    finely = rows.get("labels27", [""] * len(texts))
    fine = np.array([[name in names.split("|") for name in FINE] for names in finely], np.float32)
    return Corpus(kept, labels[usable], fine[usable])


def _multi_hot(names: str) -> NDArray[np.float32]:
    row = np.zeros(CLASSES, np.float32)
    for name in names.split("|"):
        label = _XED_LABELS.get(name, name)
        if label in LABELS:
            row[LABELS.index(label)] = 1.0
    return row
