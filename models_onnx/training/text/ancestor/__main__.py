"""Train a row of the ancestor's table: ``python -m esapr.models_onnx.training.text.ancestor ROW``.

Every row is measured over the ten folds of the shipped model. Word2Vec is trained on GoEmotions,
XED and the essays that may be seen; the ancestor took vectors of news, which cannot be had here.
"""

import argparse
import json
from typing import Any

import numpy as np

from esapr.models_onnx.evaluation import essays
from esapr.models_onnx.evaluation.text_personality import figures
from esapr.models_onnx.training.folders import data_folder, run_folder
from esapr.models_onnx.training.text.ancestor.rows import ROWS, Split, Texts
from esapr.models_onnx.training.text.ancestor.words import preprocessed
from esapr.models_onnx.training.text.corpora import goemotions, xed


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


def main() -> None:
    """Train and measure the row that the command line names; print and keep its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", choices=list(ROWS))
    arguments = parser.parse_args()
    found = essays.read(data_folder() / "text")
    texts = preprocessed("essays", found.texts)
    others = preprocessed("lines", (goemotions("train") + xed("train")).texts)
    answer = folded(arguments.row, found, texts, others)
    text = json.dumps({"row": arguments.row, **answer})
    (run_folder("text_ancestor") / f"{arguments.row}.figures.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
