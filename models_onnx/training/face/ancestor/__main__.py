"""Train a row of the ancestor's table: ``python -m esapr.models_onnx.training.face.ancestor ROW``.

Every row has the same faces: trained on the kept rows of Training, tuned on PublicTest. With
``--final`` PrivateTest is measured, once. A network that is stopped goes on from its last epoch.
"""

import argparse
import json
import os
import time
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import numpy as np

from esapr.models_onnx.evaluation import fer2013, metrics
from esapr.models_onnx.training.face.ancestor.reported import ACCURACY
from esapr.models_onnx.training.face.ancestor.rows import ROWS, Data, Fitted
from esapr.models_onnx.training.face.budgeted import prepare_torch
from esapr.models_onnx.training.folders import data_folder, run_folder

TIMED = 30


def measured(fitted: Fitted, name: str, final: bool, public: fer2013.Faces) -> dict[str, Any]:
    """Return the figures of one row; the temperature of its ECE is fitted on PublicTest."""
    logits = fitted.logits(public.images)
    calibration = metrics.fit_temperature(logits, public.labels)
    answer: dict[str, Any] = {
        "row": name,
        "accuracy_reported": ACCURACY[name],
        "public_test": metrics.report(logits, public.labels, calibration),
        "mb": round(fitted.size / 1e6, 2),
        "ms_a_face": milliseconds(fitted, public),
        "epochs": fitted.epochs,
    }
    if final:
        source, split = data_folder() / "face", fer2013.Split.PRIVATE_TEST
        for key, duplicates in (("private_test", False), ("private_test_full", True)):
            faces = fer2013.read(source, split, duplicates=duplicates)
            found = fitted.logits(faces.images)
            answer[key] = metrics.report(found, faces.labels, calibration)
    return answer


def milliseconds(fitted: Fitted, faces: fer2013.Faces) -> float:
    """Return the processor time of one face alone, features included: the lower quartile."""
    taken = []
    for at in range(TIMED):
        started = time.process_time()
        fitted.logits(faces.images[at : at + 1])
        taken.append(time.process_time() - started)
    return round(float(np.quantile(taken, 0.25)) * 1e3, 2)


def main() -> None:
    """Train and measure the row that the command line names; print and keep its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", choices=list(ACCURACY))
    parser.add_argument("--minutes", type=float, default=60.0, help="processor time of a network")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--final", action="store_true", help="also measure PrivateTest")
    arguments = parser.parse_args()
    prepare_torch()
    source = data_folder() / "face"
    data = Data(
        training=fer2013.read(source, fer2013.Split.TRAINING),
        public=fer2013.read(source, fer2013.Split.PUBLIC_TEST),
        seconds=arguments.minutes * 60,
        threads=arguments.threads,
    )
    fitted = ROWS[arguments.row](data)
    answer = measured(fitted, arguments.row, arguments.final, data.public)
    text = json.dumps(answer, indent=2)
    (run_folder("ancestor") / f"{arguments.row}.json").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
