"""Convert FaceMesh: ``python -m esapr.models_onnx.training.face.convert_landmarks``."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from esapr.inference.cards import ModelCard
from esapr.inference.face.align import LANDMARK_REGION, Region, cut
from esapr.inference.face.detect import faces, letterboxed
from esapr.inference.face.landmarks import LANDMARK_SIDE
from esapr.inference.models import Model
from esapr.models_onnx import ROOT
from esapr.models_onnx.training.face import pictures, prelu, tflite_graph
from esapr.models_onnx.training.face.timing import milliseconds
from esapr.models_onnx.training.folders import data_folder
from esapr.models_onnx.training.release import Release, write

MEMBER = "mediapipe/modules/face_landmark/face_landmark.tflite"
SHA256 = "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814"
SCALE = 1 / 255
POINTS = 468
TOLERANCE = 1e-3
# The file's own names of its outputs.
RAW_POINTS, RAW_PRESENCE = "conv2d_21", "conv2d_31"


def graph() -> onnx.ModelProto:
    """Return the network with pictures in, points in fractions of the picture out."""
    model = tflite_graph.converted(tflite_graph.fetch(MEMBER, SHA256))
    prelu.rewrite(model)
    tflite_graph.take_pictures(model, SCALE)
    tflite_graph.free_batch(model)
    tflite_graph.dense_output(model, RAW_POINTS, "landmarks", [POINTS, 3], 1 / LANDMARK_SIDE)
    tflite_graph.dense_output(model, RAW_PRESENCE, "presence", [1], 1.0)
    tflite_graph.set_outputs(model, {"landmarks": [POINTS, 3], "presence": [1]})
    return model


def reference(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Return what the original TFLite file gives for uint8 pictures ``[N, 192, 192, 3]``."""
    tflite = tflite_graph.fetch(MEMBER, SHA256)
    points, presence = tflite_graph.run_tflite(
        tflite, images.astype(np.float32) * np.float32(SCALE)
    )
    count = len(images)
    landmarks = points.reshape(count, POINTS, 3) / np.float32(LANDMARK_SIDE)
    return {"landmarks": landmarks, "presence": presence.reshape(count, 1)}


def face_regions(clips: Path) -> Iterator[tuple[NDArray[np.uint8], Region]]:
    """Yield every face that the zoo's detector finds: its frame, and the square to look in."""
    detector = Model(ModelCard.read(ROOT / "face_detector"))
    for frame in pictures.frames(clips):
        height, width = frame.shape[:2]
        picture, letterbox = letterboxed(frame)
        outputs = detector.run({"image": picture[None]})
        for found in faces(outputs["boxes"][0], outputs["scores"][0], letterbox, width, height):
            yield frame, found.face.scaled(LANDMARK_REGION)


def face_picture(frame: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    """Cut a face: ``[192, 192, 3]``."""
    return cut(frame, region, np.empty((LANDMARK_SIDE, LANDMARK_SIDE, 3), np.uint8))


def main() -> None:
    """Convert, compare with the original on real faces, time and write the model folder."""
    path = tflite_graph.save(graph(), "face_landmarks")
    clips = data_folder() / "clips"
    real = np.stack([face_picture(*face) for face in face_regions(clips)])
    noise = np.random.default_rng(7).integers(0, 256, (1, 192, 192, 3), dtype=np.uint8)
    case = np.concatenate([pictures.astronaut(clips, LANDMARK_SIDE)[None], noise])
    expected = reference(case)
    release = Release(
        name="face_landmarks",
        version="1.1.0",
        task="face_landmarks",
        description="FaceMesh (468 points) from mediapipe 0.10.21, points in fractions",
        licence="Apache-2.0",
        commercial_use=True,
        normalisation="in the graph: uint8 RGB to [0, 1]",
        metrics={
            "cpu_1_thread": milliseconds(path, real),
            "real_pictures": {
                "count": len(real),
                "max_abs_difference": tflite_graph.differences(path, real, reference(real)),
            },
        },
        data=[{"name": "mediapipe 0.10.21", "licence": "Apache-2.0", "file_sha256": SHA256}],
        buckets=(1, 2, 4, 8, 16),
        cpu_rows=4,
        max_wait_ms=5,
        max_pending=128,
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
