"""What the ancestor's classifiers see of a face: pixels, gradients, points, a network's features.

Every function takes uint8 faces ``[N, 48, 48]`` and returns float32 ``[N, D]``.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import onnx
import onnxruntime as ort
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from skimage.feature import hog

from esapr.inference.face.align import (
    EXPRESSION_REGION,
    EXPRESSION_RISE,
    LANDMARK_REGION,
    Region,
    cut,
)
from esapr.inference.face.landmarks import LANDMARK_SIDE
from esapr.models_onnx import ROOT

Faces = NDArray[np.uint8]
Features = NDArray[np.float32]
ORIENTATIONS = 8
CELL = 16
# Windows of 24 pixels, 6 apart, of histograms in cells of 6 pixels.
WINDOW_CELL = 6
WINDOW_CELLS = 4
# The input of FaceMesh's last product: what it knows of a face before it places the points.
ALIGNMENT = "landmarks_flat"
BATCH = 4


def flat(images: Faces) -> Features:
    """Return the grey levels as shares of white: ``D`` is 2304."""
    return (images.reshape(len(images), -1) / np.float32(255)).astype(np.float32)


def gradients(images: Faces) -> Features:
    """Return histograms of oriented gradients (Dalal & Triggs 2005) in nine cells: 72."""
    return np.stack([_histograms(face, CELL).ravel() for face in images])


def windows(images: Faces) -> Features:
    """Return the histograms of 25 overlapping windows, each scaled to length one: 3200."""
    return np.stack([_windows(face) for face in images])


def landmarks(images: Faces) -> Features:
    """Return FaceMesh's 468 points about their mean, in shares of their spread: 936."""
    points = face_mesh(images, "landmarks")[..., :2]
    centred = points - points.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).sum(axis=2).mean(axis=1))
    scaled = centred / np.maximum(spread, 1e-6)[:, None, None]
    return scaled.reshape(len(images), -1).astype(np.float32)


def alignment(images: Faces) -> Features:
    """Return the features from which FaceMesh, an alignment network, places its points."""
    return face_mesh(images, ALIGNMENT)


def joined(*parts: Callable[[Faces], Features]) -> Callable[[Faces], Features]:
    """Return a function that lays several features side by side."""
    return lambda images: np.concatenate([part(images) for part in parts], axis=1)


def _histograms(face: Faces, cell: int) -> Features:
    """Return ``[rows, columns, orientations]`` of one face."""
    found = hog(
        face,
        orientations=ORIENTATIONS,
        pixels_per_cell=(cell, cell),
        cells_per_block=(1, 1),
        feature_vector=False,
    )
    return np.asarray(found[:, :, 0, 0], np.float32)


def _windows(face: Faces) -> Features:
    cells = _histograms(face, WINDOW_CELL)
    each = sliding_window_view(cells, (WINDOW_CELLS, WINDOW_CELLS), axis=(0, 1))
    rows = each.reshape(each.shape[0] * each.shape[1], -1)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(lengths, 1e-6)).ravel().astype(np.float32)


def face_mesh(images: Faces, output: str) -> Features:
    """Return one tensor of FaceMesh for each face, which is cut as the server would."""
    session = _session()
    side = images.shape[1]
    middle = Region(side / 2, side * (0.5 + EXPRESSION_RISE), side / EXPRESSION_REGION)
    region = middle.scaled(LANDMARK_REGION)
    pictures = np.empty((BATCH, LANDMARK_SIDE, LANDMARK_SIDE, 3), np.uint8)
    found = []
    for at in range(0, len(images), BATCH):
        faces = images[at : at + BATCH]
        for face, picture in zip(faces, pictures, strict=False):
            cut(np.asarray(cv2.cvtColor(face, cv2.COLOR_GRAY2RGB), np.uint8), region, picture)
        found.append(session.run([output], {"image": pictures[: len(faces)]})[0])
    return np.concatenate(found)


@cache
def _session() -> ort.InferenceSession:
    """Open the shipped FaceMesh with its inner features as one more output."""
    model = onnx.load(ROOT / "face_landmarks" / "model.onnx")
    inner = onnx.helper.make_tensor_value_info(ALIGNMENT, onnx.TensorProto.FLOAT, None)
    model.graph.output.append(inner)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options)
