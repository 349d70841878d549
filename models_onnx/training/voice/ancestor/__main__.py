"""Train and measure a row: ``python -m esapr.models_onnx.training.voice.ancestor ROW --split …``.

A fifth of RAVDESS is held out in turn: clips at random, as the ancestor did, or actors. A network
that is stopped goes on from its last epoch; one whose minutes are spent is only measured.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import numpy as np
from threadpoolctl import threadpool_limits

from esapr.models_onnx.evaluation import metrics
from esapr.models_onnx.evaluation.acted_speech import FOLDS
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.voice.ancestor.reported import ACCURACY
from esapr.models_onnx.training.voice.ancestor.rows import (
    Discriminant,
    HeldOut,
    Machine,
    Network,
)
from esapr.models_onnx.training.voice.ancestor.splits import Split, folds_of, labels_of
from esapr.models_onnx.training.voice.corpora import clips

SHIPPED = "voice_expression"


def main() -> None:
    """Train the row that the command line names without each fold; print and keep its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", choices=[*ACCURACY, SHIPPED])
    parser.add_argument("--split", type=Split, choices=list(Split), required=True)
    parser.add_argument("--folds", type=int, default=len(FOLDS), help="how many of the five")
    parser.add_argument("--minutes", type=float, default=60.0, help="processor time of a network")
    arguments = parser.parse_args()
    folder = run_folder("voice_ancestor")
    row = row_of(arguments.row, folder, arguments.minutes)
    chosen = clips("ravdess")
    labels, folds = labels_of(chosen), folds_of(arguments.split, chosen)
    name = f"{arguments.row}_{arguments.split}"
    found = {}
    with threadpool_limits(1):
        for fold in range(arguments.folds):
            own = folder / f"{name}_{fold}"
            own.mkdir(exist_ok=True)
            found[fold] = row.held_out(labels, folds, fold, own)
            print(name, fold, metrics.accuracy(found[fold].logits, labels[folds == fold]))
    answer = measured(found, labels, folds)
    answer |= {"row": arguments.row, "split": arguments.split}
    answer["accuracy_reported"] = ACCURACY.get(arguments.row)
    text = json.dumps(answer, indent=2)
    (folder / f"{name}.json").write_text(text, encoding="utf-8")
    print(text)


def row_of(name: str, folder: Path, minutes: float) -> Discriminant | Machine | Network:
    """Return the row of that name, its features computed."""
    if name == SHIPPED:
        return Discriminant()
    return Machine(folder) if name == "svm" else Network(folder, minutes)


def measured(found: dict[int, HeldOut], labels: Any, folds: Any) -> dict[str, Any]:
    """Return the figures over the clips of all folds that were held out."""
    logits = np.concatenate([held_out.logits for held_out in found.values()])
    truth = np.concatenate([labels[folds == fold] for fold in found])
    return {
        "folds": len(found),
        "clips": len(truth),
        "accuracy": round(metrics.accuracy(logits, truth), 4),
        "uar": round(metrics.mean_recall(logits, truth), 4),
        "macro_f1": round(metrics.macro_f1(logits, truth), 4),
        "accuracy_by_fold": {
            fold + 1: round(metrics.accuracy(each.logits, labels[folds == fold]), 4)
            for fold, each in found.items()
        },
        "mb": {fold + 1: round(each.size / 1e6, 2) for fold, each in found.items() if each.size},
        "epochs": {fold + 1: each.epochs for fold, each in found.items() if each.epochs},
    }


if __name__ == "__main__":
    main()
