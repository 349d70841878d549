"""Convert BlazeFace: ``python -m esapr.models_onnx.training.face.convert_detector``."""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from esapr.inference.cards import ModelCard
from esapr.inference.face.detect import DETECTOR_SIDE, letterboxed
from esapr.inference.models import Model
from esapr.models_onnx.training.face import pictures, tflite_graph
from esapr.models_onnx.training.face.timing import milliseconds
from esapr.models_onnx.training.folders import data_folder
from esapr.models_onnx.training.release import Release, write

MEMBER = "mediapipe/modules/face_detection/face_detection_short_range.tflite"
SHA256 = "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8"
# mediapipe trains on pixels in [-1, 1].
SCALE, SHIFT = 1 / 127.5, -1.0
# (cells a side, anchors a cell): strides 8, 16, 16 and 16 with two anchors each.
GRIDS = ((16, 2), (8, 6))
COORDINATES = 16
TOLERANCE = 1e-3


def anchors() -> NDArray[np.float32]:
    """Return ``[1, 896, 16]``: what is added to the scaled regressors of each anchor.

    Centres and keypoints are relative to the middle of the anchor's cell, sizes are not: all
    anchors have size one (``fixed_anchor_size`` in mediapipe's graph).
    """
    parts = []
    for cells, each in GRIDS:
        y, x = np.mgrid[0:cells, 0:cells]
        centres = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / cells
        parts.append(np.repeat(centres, each, axis=0))
    rows = np.tile(np.concatenate(parts), (1, COORDINATES // 2))
    rows[:, 2:4] = 0
    return rows[None].astype(np.float32)


def graph() -> onnx.ModelProto:
    """Return the network with pictures in and decoded boxes out."""
    model = tflite_graph.converted(tflite_graph.fetch(MEMBER, SHA256))
    tflite_graph.take_pictures(model, SCALE, SHIFT)
    tflite_graph.free_batch(model)
    tflite_graph.add_constant(model, "box_scale", np.array(1 / DETECTOR_SIDE, np.float32))
    tflite_graph.add_constant(model, "anchors", anchors())
    model.graph.node.extend(
        [
            helper.make_node("Mul", ["regressors", "box_scale"], ["offsets"]),
            helper.make_node("Add", ["offsets", "anchors"], ["boxes"]),
            helper.make_node("Identity", ["classificators"], ["scores"]),
        ]
    )
    count = anchors().shape[1]
    tflite_graph.set_outputs(model, {"boxes": [count, COORDINATES], "scores": [count, 1]})
    return model


def reference(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Return what the original TFLite file gives for uint8 pictures ``[N, 128, 128, 3]``."""
    tflite = tflite_graph.fetch(MEMBER, SHA256)
    floats = images.astype(np.float32) * np.float32(SCALE) + np.float32(SHIFT)
    regressors, scores = tflite_graph.run_tflite(tflite, floats)
    return {"boxes": regressors / np.float32(DETECTOR_SIDE) + anchors(), "scores": scores}


def main() -> None:
    """Convert, compare with the original on real pictures, time and write the model folder."""
    path = tflite_graph.save(graph(), "face_detector")
    clips = data_folder() / "clips"
    real = np.stack([letterboxed(frame)[0] for frame in pictures.frames(clips)])
    worst = tflite_graph.differences(path, real, reference(real))
    noise = np.random.default_rng(7).integers(0, 256, (1, 128, 128, 3), dtype=np.uint8)
    case = np.concatenate([pictures.astronaut(clips, DETECTOR_SIDE)[None], noise])
    expected = reference(case)
    release = Release(
        name="face_detector",
        version="1.0.0",
        task="face_detection",
        description="BlazeFace short range from mediapipe 0.10.21, boxes decoded in the graph",
        licence="Apache-2.0",
        commercial_use=True,
        normalisation="in the graph: uint8 RGB to [-1, 1]",
        metrics={
            "cpu_1_thread": milliseconds(path, real),
            "real_pictures": {"count": len(real), "max_abs_difference": worst},
        },
        data=[{"name": "mediapipe 0.10.21", "licence": "Apache-2.0", "file_sha256": SHA256}],
        buckets=(1, 2, 4, 8, 16),
        cpu_rows=4,
        max_wait_ms=5,
        max_pending=64,
        use_by_ms=500,
        parity_reference="TFLite interpreter on mediapipe's file",
        parity_tolerance=TOLERANCE,
        parity_max_abs_difference=max(tflite_graph.differences(path, case, expected).values()),
    )
    folder = write(release, path, {"image": case}, expected)
    print(release.metrics)
    print(f"stored case: {Model(ModelCard.read(folder)).verify():.1e}")


if __name__ == "__main__":
    main()
