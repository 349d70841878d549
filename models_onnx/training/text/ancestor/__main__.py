"""Train a row of the ancestor's table: ``python -m esapr.models_onnx.training.text.ancestor ROW``.

Every row is measured over the ten folds of the shipped model. Word2Vec is trained on GoEmotions,
XED and the essays that may be seen; the ancestor took vectors of news, which cannot be had here.
A network trains for ``--minutes`` of processor time a fold, and goes on where it was stopped.
"""

import argparse
import json
import os
from functools import partial
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np

from esapr.models_onnx.evaluation import essays
from esapr.models_onnx.evaluation.text_personality import figures
from esapr.models_onnx.training.folders import data_folder, run_folder
from esapr.models_onnx.training.text.ancestor.clock import said
from esapr.models_onnx.training.text.ancestor.networks import NETWORKS
from esapr.models_onnx.training.text.ancestor.rows import ROWS, Fit, Split, Texts
from esapr.models_onnx.training.text.ancestor.words import preprocessed
from esapr.models_onnx.training.text.corpora import goemotions, xed


def folded(
    fit: Fit, count: int, found: essays.Essays, texts: Texts, others: Texts
) -> dict[str, Any]:
    """Return the figures of a row over the first ``count`` folds."""
    right = np.zeros(found.labels.shape, bool)
    folds = np.unique(found.folds)[:count]
    for fold in folds:
        seen = np.flatnonzero(found.folds != fold)
        unseen = np.flatnonzero(found.folds == fold)
        split = Split(
            name=f"fold_{fold}",
            seen=[texts[at] for at in seen],
            labels=found.labels[seen],
            unseen=[texts[at] for at in unseen],
            others=others,
        )
        right[unseen] = fit(split) == found.labels[unseen]
    tested = np.isin(found.folds, folds)
    return {"folds": len(folds), **figures(right[tested], found.folds[tested])}


def main() -> None:
    """Train and measure the row that the command line names; print and keep its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", choices=[*ROWS, *NETWORKS])
    parser.add_argument("--folds", type=int, default=10, help="how many of the ten")
    parser.add_argument("--minutes", type=float, default=10.0, help="of a network, a fold")
    arguments = parser.parse_args()
    found = essays.read(data_folder() / "text")
    texts = preprocessed("essays", found.texts)
    others = preprocessed("lines", (goemotions("train") + xed("train")).texts)
    networks = {
        name: partial(said, build, name, arguments.minutes * 60) for name, build in NETWORKS.items()
    }
    fit = (ROWS | networks)[arguments.row]
    answer = folded(fit, arguments.folds, found, texts, others)
    text = json.dumps({"row": arguments.row, **answer})
    (run_folder("text_ancestor") / f"{arguments.row}.figures.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
