"""Figures of a text expression graph on the official test splits."""

from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from esapr.inference.calibration import Calibration, calibrated
from esapr.models_onnx.evaluation.metrics import (
    accuracy,
    calibration_error,
    fit_temperature,
    macro_f1,
    macro_f1_of_several,
    recalls,
    thresholds,
)
from esapr.models_onnx.training.text.corpora import Corpus, goemotions, xed
from esapr.models_onnx.training.text.network import tokenizer

Logits = NDArray[np.float32]


@dataclass(frozen=True)
class Scored:
    """A corpus, the graph's logits ``[N, 7]`` for it and the processor milliseconds a line took."""

    corpus: Corpus
    logits: Logits
    milliseconds: float

    @property
    def single(self) -> tuple[Logits, NDArray[np.int64]]:
        """Logits and class of the rows that carry exactly one label."""
        rows = self.corpus.single
        return self.logits[rows], self.corpus.labels[rows].argmax(axis=1)


def scored(session: ort.InferenceSession, corpus: Corpus, output: str = "logits") -> Scored:
    """Run every line by itself, as a quiet server does; keep one output."""
    rows = [np.array([encoding.ids]) for encoding in tokenizer().encode_batch(corpus.texts)]
    started = process_time()
    logits = [
        session.run([output], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
        for ids in rows
    ]
    spent = (process_time() - started) / len(rows) * 1000
    return Scored(corpus, np.concatenate(logits), spent)


def figures(test: Scored, calibration: Calibration) -> dict[str, Any]:
    """Return accuracy, macro-F1, ECE and recalls on the rows with one label, for a card."""
    logits, labels = test.single
    return {
        "lines": len(labels),
        "accuracy": round(accuracy(logits, labels), 4),
        "macro_f1": round(macro_f1(logits, labels), 4),
        "ece_15_bins": round(calibration_error(logits, labels, calibration), 4),
        "recall": {label: round(value, 3) for label, value in recalls(logits, labels).items()},
    }


def evaluate(session: ort.InferenceSession) -> tuple[Calibration, dict[str, Any]]:
    """Return the calibration fitted on GoEmotions dev, and the figures on both test splits."""
    dev = scored(session, goemotions("dev"))
    calibration = fit_temperature(*dev.single)
    cut = thresholds(calibrated(dev.logits, calibration), dev.corpus.labels)
    test = scored(session, goemotions("test"))
    shown = calibrated(test.logits, calibration) > cut
    several = {
        "lines": len(test.corpus),
        "macro_f1": round(macro_f1_of_several(shown, test.corpus.labels), 4),
        "thresholds_chosen_on": "GoEmotions dev",
    }
    return calibration, {
        "goemotions_test": figures(test, calibration),
        "goemotions_test_multi_label": several,
        "goemotions_dev": figures(dev, calibration),
        "xed_test": figures(scored(session, xed("test"), "spoken_logits"), calibration),
        "milliseconds_a_line_one_thread": round(test.milliseconds, 2),
    }
