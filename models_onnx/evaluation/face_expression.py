"""Figures of ``face_expression`` on FER2013, of the graph as it ships."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from esapr.inference.models import Model
from esapr.models_onnx.evaluation import fer2013, metrics, spoiling
from esapr.models_onnx.evaluation.timing import milliseconds

Logits = NDArray[np.float32]
Pictures = NDArray[np.uint8]
BATCH = 256


@dataclass(frozen=True, slots=True)
class Figures:
    """What the model is worth on PrivateTest: shares of one, and milliseconds of one thread.

    ``accuracy_full`` counts the faces that have a near-identical copy in another split, as
    published figures do; nothing else does. ``ferplus_agreement`` is how often a clear FER+
    majority (six of ten votes for one of the seven classes) is met, ``ece`` the calibration error
    over 15 bins.
    """

    model: str
    version: str
    faces: int
    faces_full: int
    accuracy: float
    accuracy_full: float
    macro_f1: float
    ferplus_agreement: float
    ece: float
    ms_per_item: float


def evaluate(model: Model, folder: Path) -> Figures:
    """Measure ``model`` on the PrivateTest faces in ``folder``.

    Raises:
        OSError: the data set is not there.
    """
    faces = fer2013.read(folder, fer2013.Split.PRIVATE_TEST)
    full = fer2013.read(folder, fer2013.Split.PRIVATE_TEST, duplicates=True)
    found = logits(model, faces.images)
    return Figures(
        model=model.card.name,
        version=model.card.version,
        faces=len(faces.labels),
        faces_full=len(full.labels),
        accuracy=metrics.accuracy(found, faces.labels),
        accuracy_full=metrics.accuracy(logits(model, full.images), full.labels),
        macro_f1=metrics.macro_f1(found, faces.labels),
        ferplus_agreement=metrics.accuracy(*majority(found, faces)),
        ece=metrics.calibration_error(found, faces.labels, model.card.calibration),
        ms_per_item=milliseconds(model, {"image": faces.images[:1, ..., None]}),
    )


def robustness(model: Model, folder: Path) -> dict[str, float]:
    """Return the accuracy on PrivateTest by what was done to the pictures.

    ``flip_same`` is no accuracy: the share of faces whose label stays when they are mirrored.

    Raises:
        OSError: the data set is not there.
    """
    faces = fer2013.read(folder, fer2013.Split.PRIVATE_TEST)
    plain = logits(model, faces.images)
    mirrored = logits(model, np.ascontiguousarray(faces.images[:, :, ::-1]))
    return {
        "plain": metrics.accuracy(plain, faces.labels),
        **{
            name: metrics.accuracy(logits(model, pictures), faces.labels)
            for name, pictures in spoiled(faces.images).items()
        },
        "flip_same": float((plain.argmax(axis=1) == mirrored.argmax(axis=1)).mean()),
    }


def logits(model: Model, images: Pictures) -> Logits:
    """Return logits ``[N, 7]`` of faces ``[N, 48, 48]``."""
    starts = range(0, len(images), BATCH)
    found = [model.run({"image": images[at : at + BATCH, ..., None]})["logits"] for at in starts]
    return np.concatenate(found)


def majority(found: Logits, faces: fer2013.Faces) -> tuple[Logits, NDArray[np.int64]]:
    """Return logits and label of the faces that have a clear FER+ majority."""
    clear, labels = faces.clear_majority()
    return found[clear], labels[clear]


def spoiled(images: Pictures) -> dict[str, Pictures]:
    """Return faces ``[N, 48, 48]`` as a poor camera, connection or pose would give them."""
    changes: dict[str, Callable[[Pictures], Pictures]] = {
        "jpeg_30": lambda face: spoiling.compressed(face, 30),
        "blur": lambda face: spoiling.blurred(face, 1.5),
        "two_stops_up": lambda face: spoiling.exposed(face, 2.0),
        "two_stops_down": lambda face: spoiling.exposed(face, -2.0),
        "side_32": lambda face: spoiling.shrunk(face, 32),
        "side_24": lambda face: spoiling.shrunk(face, 24),
        "lower_half_covered": spoiling.half_covered,
    }
    return {name: np.stack([change(face) for face in images]) for name, change in changes.items()}
