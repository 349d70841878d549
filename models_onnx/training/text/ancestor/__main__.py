"""Train a row of the ancestor's table: ``python -m esapr.models_onnx.training.text.ancestor ROW``.

Rows without a network are measured over the ten folds of the shipped model. A network is trained by
the clock on eight folds and measured on the other two. Word2Vec is trained on GoEmotions, XED and
the essays that may be seen; the ancestor took vectors of news, which cannot be had here.
"""

import argparse
import json
import os
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np

from esapr.models_onnx.evaluation import essays
from esapr.models_onnx.evaluation.text_personality import figures
from esapr.models_onnx.training.folders import data_folder, run_folder
from esapr.models_onnx.training.text.ancestor.reported import ACCURACY
from esapr.models_onnx.training.text.ancestor.rows import ROWS, Split, Texts
from esapr.models_onnx.training.text.ancestor.words import preprocessed
from esapr.models_onnx.training.text.corpora import goemotions, xed

HELD_OUT = (0, 1)
"""Folds that a network is measured on."""


def folded(row: str, found: essays.Essays, texts: Texts, others: Texts) -> dict[str, Any]:
    """Return the figures of a row over all ten folds."""
    right = np.zeros(found.labels.shape, bool)
    for fold in np.unique(found.folds):
        seen = np.flatnonzero(found.folds != fold)
        unseen = np.flatnonzero(found.folds == fold)
        split = Split(
            name=f"fold_{fold}",
            seen=[texts[at] for at in seen],
            labels=found.labels[seen],
            unseen=[texts[at] for at in unseen],
            others=others,
        )
        said = ROWS[row](split)
        right[unseen] = said == found.labels[unseen]
    return figures(right, found.folds)


def trained(
    row: str, found: essays.Essays, texts: Texts, others: Texts, seconds: float
) -> dict[str, Any]:
    """Return the figures of a network on the essays that it has not seen."""
    from esapr.models_onnx.training.text.ancestor.networks import Network

    held_out = np.isin(found.folds, HELD_OUT)
    seen = [text for text, out in zip(texts, held_out, strict=True) if not out]
    unseen = [text for text, out in zip(texts, held_out, strict=True) if out]
    network = Network(row, seen, others)
    epochs = network.train(seen, found.labels[~held_out], seconds)
    right = network.predict(unseen) == found.labels[held_out]
    graph = run_folder("text_ancestor") / f"{row}.onnx"
    return {
        **figures(right, found.folds[held_out]),
        "epochs": epochs,
        "onnx_max_abs_difference": network.export(graph),
        "mb": round(graph.stat().st_size / 1e6, 1),
    }


def main() -> None:
    """Train and measure the row that the command line names; print and keep its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", choices=list(ACCURACY))
    parser.add_argument("--minutes", type=float, default=5.0, help="processor time of a network")
    arguments = parser.parse_args()
    found = essays.read(data_folder() / "text")
    texts = preprocessed("essays", found.texts)
    others = preprocessed("lines", (goemotions("train") + xed("train")).texts)
    about = (found, texts, others)
    if arguments.row in ROWS:
        answer = folded(arguments.row, *about)
    else:
        answer = trained(arguments.row, *about, arguments.minutes * 60)
    text = json.dumps({"row": arguments.row, "reported": ACCURACY[arguments.row], **answer})
    (run_folder("text_ancestor") / f"{arguments.row}.figures.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
