"""One of the other systems, run by the interpreter of its own environment: nothing of ours here.

``python contestant.py KIND FRAMES WIDTH HEIGHT [FACES]`` loads the system, says ``ready``, and
answers each line on its standard input with one on its standard output, behind ``MARK``:

- ``frames``: scores every frame of FRAMES (uint8 RGB ``[N, HEIGHT, WIDTH, 3]``, raw), one after
  the other, as a live loop would: ``{"frames", "found", "seconds"}``;
- ``faces``: classifies FACES (uint8 ``[N, 48, 48]``, raw): ``{"labels": [name, …]}``.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

MARK = "contestant:"
NETWORK_SIDE = 64
FACE_SIDE = 48
# The order of the network that ships with fer.
LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

Pictures = NDArray[np.uint8]
Classify = Callable[[NDArray[np.float32]], Any]
"""Network pictures ``[N, 64, 64]`` in [-1, 1] to probabilities ``[N, 7]``."""


class Fer:
    """The PyPI package ``fer`` with its defaults: Haar cascade, TensorFlow Lite network."""

    def __init__(self) -> None:
        from fer.fer import FER

        self._fer = FER()
        self.classify: Classify = self._fer._classify_emotions

    def score(self, rgb: Pictures) -> int:
        """Score one frame and return the number of faces in it."""
        return len(self._fer.detect_emotions(rgb[..., ::-1]))


class MediapipeFer:
    """FaceMesh of mediapipe places the face, the network of ``fer`` reads it."""

    def __init__(self) -> None:
        import mediapipe
        from fer.fer import FER

        self._mesh = mediapipe.solutions.face_mesh.FaceMesh(max_num_faces=1)
        self.classify: Classify = FER()._classify_emotions

    def score(self, rgb: Pictures) -> int:
        """Score one frame and return the number of faces in it."""
        found = self._mesh.process(rgb).multi_face_landmarks or []
        height, width = rgb.shape[:2]
        for face in found:
            points = np.array([(point.x, point.y) for point in face.landmark])
            low = np.maximum(points.min(axis=0) * (width, height), 0).astype(int)
            high = (points.max(axis=0) * (width, height)).astype(int)
            grey = cv2.cvtColor(rgb[low[1] : high[1], low[0] : high[0]], cv2.COLOR_RGB2GRAY)
            self.classify(network_pictures([np.asarray(grey, np.uint8)]))
        return len(found)


class Ancestor:
    """The loop of the Flask demo: a HOG detector each frame, then Keras' ``predict`` a face.

    Its own network and 68-point landmarks are in no package; the smaller network of ``fer``
    stands in, and the landmarks are left out: both make this loop faster than the original.
    """

    def __init__(self) -> None:
        import dlib
        from fer.fer import FER

        self._detect = dlib.get_frontal_face_detector()
        FER(use_tflite=False)
        self._network = FER._model_cache

    def classify(self, pictures: NDArray[np.float32]) -> Any:
        """Return probabilities ``[N, 7]``."""
        return self._network.predict(pictures[..., None], verbose=0)

    def score(self, rgb: Pictures) -> int:
        """Score one frame and return the number of faces in it."""
        grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        found = self._detect(grey, 0)
        for box in found:
            face = grey[max(box.top(), 0) : box.bottom(), max(box.left(), 0) : box.right()]
            self.classify(network_pictures([face]))
        return len(found)


def network_pictures(greys: list[Pictures]) -> NDArray[np.float32]:
    """Return grey faces of any size as ``[N, 64, 64]`` in [-1, 1], as fer prepares them."""
    scaled = [cv2.resize(grey, (NETWORK_SIDE, NETWORK_SIDE)) for grey in greys]
    return np.asarray((np.array(scaled) / 255 - 0.5) * 2, np.float32)


KINDS: dict[str, Callable[[], Any]] = {
    "fer": Fer,
    "mediapipe_fer": MediapipeFer,
    "ancestor": Ancestor,
}


def serve(frames: Callable[[], object], labels: Callable[[], object]) -> None:
    """Say that all is loaded, then answer the lines on standard input until it ends."""
    _say("ready")
    for line in sys.stdin:
        _say(frames() if line.strip() == "frames" else labels())


def _say(answer: object) -> None:
    sys.stdout.write(f"{MARK}{json.dumps(answer)}\n")
    sys.stdout.flush()


def read_frames(path: str, width: str, height: str) -> Pictures:
    """Return uint8 RGB ``[N, height, width, 3]``."""
    return np.fromfile(path, np.uint8).reshape(-1, int(height), int(width), 3)


def read_faces(path: str) -> Pictures:
    """Return uint8 grey ``[N, 48, 48]``."""
    return np.fromfile(path, np.uint8).reshape(-1, FACE_SIDE, FACE_SIDE)


def _frames(contestant: Any, frames: Pictures) -> dict[str, Any]:
    began = time.perf_counter()
    found = sum(contestant.score(frame) > 0 for frame in frames)
    return {"frames": len(frames), "found": found, "seconds": time.perf_counter() - began}


def _labels(contestant: Any, faces: Pictures) -> dict[str, Any]:
    probabilities = np.asarray(contestant.classify(network_pictures(list(faces))))
    return {"labels": [LABELS[index] for index in probabilities.argmax(axis=1)]}


def main(kind: str, path: str, width: str, height: str, faces: str = "") -> None:
    """Load ``kind`` and answer."""
    frames = read_frames(path, width, height)
    contestant = KINDS[kind]()
    contestant.score(frames[0])
    serve(lambda: _frames(contestant, frames), lambda: _labels(contestant, read_faces(faces)))


if __name__ == "__main__":
    main(*sys.argv[1:])
