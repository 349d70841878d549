"""How much evidence a poor picture still is: ``python -m …training.face.measure_quality``.

Spoils PublicTest on purpose, scores it with the network that ships, and prints what is left of the
accuracy above chance: the factors of :mod:`esapr.inference.quality` are about these.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from esapr.inference.cards import ModelCard
from esapr.inference.emotions import CLASSES
from esapr.inference.face.pose import head_poses
from esapr.inference.models import Model
from esapr.inference.quality import TURNED_ABOVE
from esapr.models_onnx import ROOT
from esapr.models_onnx.evaluation import fer2013, metrics, spoiling
from esapr.models_onnx.evaluation.face_expression import logits
from esapr.models_onnx.training.face.ancestor.features import face_mesh
from esapr.models_onnx.training.folders import data_folder

STRAIGHT_WITHIN = 10.0
"""Degrees of yaw and pitch."""
SENSOR_NOISE = 3.0
"""Standard deviation in grey levels."""
SEED = 7

Pictures = NDArray[np.uint8]


def main() -> None:
    """Measure and print."""
    faces = fer2013.read(data_folder() / "face", fer2013.Split.PUBLIC_TEST)
    model = Model(ModelCard.read(ROOT / "face_expression"))
    as_they_are = logits(model, faces.images)
    plain = metrics.accuracy(as_they_are, faces.labels)
    print(f"as they are: {plain:.3f} of {len(faces.labels)}")
    for name, pictures in _spoiled(faces.images):
        _print(name, metrics.accuracy(logits(model, pictures), faces.labels), plain)
    turns = _turns(faces.images)
    straight, turned = turns < STRAIGHT_WITHIN, turns > TURNED_ABOVE
    facing = metrics.accuracy(as_they_are[straight], faces.labels[straight])
    aside = metrics.accuracy(as_they_are[turned], faces.labels[turned])
    _print(f"turned: {turned.sum()} faces against {straight.sum()} ({facing:.3f})", aside, facing)


def _print(name: str, found: float, good: float) -> None:
    chance = 1 / CLASSES
    print(f"{name}: {found:.3f}, factor {(found - chance) / (good - chance):.2f}")


def _spoiled(images: Pictures) -> Iterator[tuple[str, Pictures]]:
    for sigma in (1.0, 1.5):
        yield f"blurred by {sigma}", np.stack([spoiling.blurred(face, sigma) for face in images])
    for side in (32, 24, 16):
        yield f"{side} pixels wide", np.stack([spoiling.shrunk(face, side) for face in images])
    dark = np.stack([spoiling.exposed(face, -2.0) for face in images])
    yield "two stops less", dark
    noise = np.random.default_rng(SEED).normal(0, SENSOR_NOISE, dark.shape)
    yield "the same with noise", np.clip(dark + noise, 0, 255).round().astype(np.uint8)


def _turns(images: Pictures) -> NDArray[np.float64]:
    """Return the larger of yaw and pitch of each face in degrees, as FaceMesh sees it."""
    points = face_mesh(images, "landmarks")
    heads = head_poses(points[..., :2], points[..., 2])
    return np.array([max(abs(head.yaw), abs(head.pitch)) for head in heads])


if __name__ == "__main__":
    main()
