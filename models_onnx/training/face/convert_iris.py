"""Convert MediaPipe Iris: ``python -m esapr.models_onnx.training.face.convert_iris``."""

from collections.abc import Iterable

import numpy as np
import onnx
from numpy.typing import NDArray

from esapr.inference.cards import ModelCard
from esapr.inference.face.align import Region, Regions
from esapr.inference.face.gaze import IRIS_SIDE, LEFT_CORNERS, RIGHT_CORNERS, eye_at
from esapr.inference.face.stages import EyeLook, draw_eye
from esapr.inference.models import Model
from esapr.models_onnx import ROOT
from esapr.models_onnx.training.face import convert_landmarks, prelu, tflite_graph
from esapr.models_onnx.training.face.timing import milliseconds
from esapr.models_onnx.training.folders import data_folder
from esapr.models_onnx.training.release import Release, write

MEMBER = "mediapipe/modules/iris_landmark/iris_landmark.tflite"
SHA256 = "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f"
SCALE = 1 / 255
POINTS = 5
TOLERANCE = 1e-3
# The file's own names. Its other output, the contour of eye and brow, is a branch of its own.
RAW_PICTURE, RAW_IRIS = "input_1", "output_iris"


def graph() -> onnx.ModelProto:
    """Return the network with pictures in, the iris in fractions of the picture out."""
    whole = tflite_graph.converted(tflite_graph.fetch(MEMBER, SHA256))
    model = onnx.utils.Extractor(whole).extract_model([RAW_PICTURE], [RAW_IRIS])
    prelu.rewrite(model)
    tflite_graph.take_pictures(model, SCALE)
    tflite_graph.free_batch(model)
    tflite_graph.dense_output(model, RAW_IRIS, "iris", [POINTS, 3], 1 / IRIS_SIDE)
    tflite_graph.set_outputs(model, {"iris": [POINTS, 3]})
    return model


def reference(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Return what the original TFLite file gives for uint8 pictures ``[N, 64, 64, 3]``."""
    tflite = tflite_graph.fetch(MEMBER, SHA256)
    outputs = tflite_graph.run_tflite(tflite, images.astype(np.float32) * np.float32(SCALE))
    (iris,) = (output for output in outputs if output.shape[1] == POINTS * 3)
    return {"iris": iris.reshape(len(images), POINTS, 3) / np.float32(IRIS_SIDE)}


def eye_pictures(faces: Iterable[tuple[NDArray[np.uint8], Region]]) -> NDArray[np.uint8]:
    """Cut both eyes of every face where the zoo's landmarks are: ``[N, 64, 64, 3]``."""
    landmarks = Model(ModelCard.read(ROOT / "face_landmarks"))
    cuts = []
    for frame, region in faces:
        image = convert_landmarks.face_picture(frame, region)[None]
        found = landmarks.run({"image": image})["landmarks"][..., :2]
        (points,) = Regions.of([region]).points_in_frame(found)
        for corners in (RIGHT_CORNERS, LEFT_CORNERS):
            picture = np.empty((IRIS_SIDE, IRIS_SIDE, 3), np.uint8)
            draw_eye(EyeLook(frame, eye_at(points, corners)), picture)
            cuts.append(picture)
    return np.stack(cuts)


def main() -> None:
    """Convert, compare with the original on real eyes, time and write the model folder."""
    path = tflite_graph.save(graph(), "eye_iris")
    clips = data_folder() / "clips"
    real = eye_pictures(convert_landmarks.face_regions(clips))
    astronaut = next(iter(convert_landmarks.face_regions(clips)))
    noise = np.random.default_rng(7).integers(0, 256, (1, IRIS_SIDE, IRIS_SIDE, 3), dtype=np.uint8)
    case = np.concatenate([eye_pictures([astronaut]), noise])
    expected = reference(case)
    release = Release(
        name="eye_iris",
        version="1.0.0",
        task="eye_iris",
        description="The iris of MediaPipe Iris (5 points) from mediapipe 0.10.21, in fractions",
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
        use_by_ms=200,
        parity_reference="TFLite interpreter on mediapipe's file",
        parity_tolerance=TOLERANCE,
        parity_max_abs_difference=max(tflite_graph.differences(path, case, expected).values()),
    )
    folder = write(release, path, {"image": case}, expected)
    print(release.metrics)
    print(f"stored case: {Model(ModelCard.read(folder)).verify():.1e}")


if __name__ == "__main__":
    main()
