"""Figures of ``text_expression`` on GoEmotions and XED, of the graph as it ships."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from esapr.inference.calibration import Calibration, calibrated
from esapr.inference.cards import Arrays
from esapr.inference.models import Model
from esapr.inference.rows import stack
from esapr.inference.text.expression import encode, read_tokenizer
from esapr.models_onnx.evaluation import metrics
from esapr.models_onnx.evaluation.text_corpora import Corpus, goemotions, xed

BATCH = 16
TIMED_LINES = 200
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class OtherFigures:
    """The same figures on the rows of a test set of spoken lines that carry one label."""

    lines: int
    macro_f1_single: float
    accuracy_single: float
    ece: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What the model is worth on GoEmotions' official test split.

    ``macro_f1`` counts every label of all ``lines``, by thresholds that are best on the dev split;
    the other figures are of the ``lines_single`` with one label, ``ece`` over 15 bins.
    ``ms_per_item`` is the processor time of one thread for a line that runs by itself.
    """

    model: str
    version: str
    lines: int
    lines_single: int
    macro_f1: float
    macro_f1_single: float
    accuracy_single: float
    ece: float
    ms_per_item: float
    xed: OtherFigures


def evaluate(model: Model, folder: Path) -> Figures:
    """Measure ``model`` on the data sets in ``folder``.

    Raises:
        OSError: a data set is not there.
        ReaderMissingError: there is no pyarrow.
    """
    dev, test = goemotions(folder, "dev"), goemotions(folder, "test")
    return measured(model, dev, test, xed(folder, "test"))


def measured(model: Model, dev: Corpus, test: Corpus, other: Corpus) -> Figures:
    """Measure ``model``: thresholds are chosen on ``dev``, nothing on ``test`` and ``other``."""
    calibration = model.card.calibration
    cut = metrics.thresholds(calibrated(logits(model, dev, "logits"), calibration), dev.labels)
    found = logits(model, test, "logits")
    single = _single(test, found, calibration)
    return Figures(
        model=model.card.name,
        version=model.card.version,
        lines=len(test),
        lines_single=single.lines,
        macro_f1=metrics.macro_f1_of_several(calibrated(found, calibration) > cut, test.labels),
        macro_f1_single=single.macro_f1_single,
        accuracy_single=single.accuracy_single,
        ece=single.ece,
        ms_per_item=milliseconds(model, _encoded(model, test.texts[:TIMED_LINES])),
        xed=_single(other, logits(model, other, "spoken_logits"), calibration),
    )


def logits(model: Model, corpus: Corpus, output: str) -> NDArray[np.float32]:
    """Return one output, logits ``[N, 7]``, zeros for a line that has nothing to score.

    Lines of similar length share a batch; none changes the scores of another.
    """
    rows = _encoded(model, corpus.texts)
    order = [at for at in np.argsort([len(row.get("input_ids", ())) for row in rows]) if rows[at]]
    found = np.zeros((len(rows), len(model.card.labels)), np.float32)
    for start in range(0, len(order), BATCH):
        part = order[start : start + BATCH]
        found[part] = model.run(stack([rows[at] for at in part], len(part)))[output]
    return found


def milliseconds(model: Model, rows: Sequence[Arrays]) -> float:
    """Return the mean of the lines' processor times, of each the least of five.

    Other work on the machine only ever adds.
    """
    taken = np.full((ROUNDS, len(rows)), np.inf)
    for round_ in range(ROUNDS):
        for at, row in enumerate(rows):
            batch = stack([row], 1)
            started = time.thread_time()
            model.run(batch)
            taken[round_, at] = time.thread_time() - started
    return round(float(taken.min(axis=0).mean()) * 1e3, 2)


def _encoded(model: Model, texts: Sequence[str]) -> list[Arrays]:
    """Return the arrays of each line, none of one that has nothing to score."""
    tokenizer = read_tokenizer(model.card)
    return [encode(text, tokenizer) or {} for text in texts]


def _single(corpus: Corpus, found: NDArray[np.float32], calibration: Calibration) -> OtherFigures:
    rows, labels = found[corpus.single], corpus.labels[corpus.single].argmax(axis=1)
    return OtherFigures(
        lines=len(labels),
        macro_f1_single=metrics.macro_f1(rows, labels),
        accuracy_single=metrics.accuracy(rows, labels),
        ece=metrics.calibration_error(rows, labels, calibration),
    )
