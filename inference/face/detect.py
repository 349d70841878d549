"""BlazeFace (Bazarevsky et al. 2019, arXiv:1907.05047): its picture, and faces from its outputs."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from esapr.inference.face.align import Points, Region, eye_angles

DETECTOR_SIDE = 128
# mediapipe's own settings for this model.
LEAST_CONFIDENCE = 0.5
OVERLAP = 0.3
RIGHT_EYE, LEFT_EYE = 0, 1


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a frame lies in the detector's square picture, as fractions of that square."""

    left: float
    top: float
    width: float
    height: float

    def in_frame(self, points: Points) -> Points:
        """Map fractions of the square ``[..., 2]`` to fractions of the frame."""
        start = np.array([self.left, self.top], np.float32)
        size = np.array([self.width, self.height], np.float32)
        return np.asarray((points - start) / size, np.float32)


@dataclass(frozen=True, slots=True)
class Detection:
    """A face: centre and side in pixels of the frame, ``keypoints`` ``[6, 2]`` in pixels.

    Keypoints are the right eye, left eye, nose tip, mouth, right ear and left ear of the person.
    """

    face: Region
    keypoints: Points
    confidence: float


def letterboxed(rgb: NDArray[np.uint8], margin: float = 0.0) -> tuple[NDArray[np.uint8], Letterbox]:
    """Return the frame in the middle of a black ``[128, 128, 3]`` square.

    ``margin`` is the share of the side left free on each edge: the network misses a face that
    fills the whole picture and finds it again when it is drawn smaller.
    """
    height, width = rgb.shape[:2]
    scale = DETECTOR_SIDE * (1 - 2 * margin) / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = ((DETECTOR_SIDE - length) // 2 for length in size)
    picture = np.zeros((DETECTOR_SIDE, DETECTOR_SIDE, 3), dtype=np.uint8)
    shrunk = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    picture[top : top + size[1], left : left + size[0]] = shrunk
    place = np.array([left, top, *size]) / DETECTOR_SIDE
    return picture, Letterbox(*place.tolist())


def faces(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    letterbox: Letterbox,
    width: int,
    height: int,
) -> list[Detection]:
    """Return the faces of one picture, the largest first.

    Args:
        boxes: ``[896, 16]``: centre x and y, width, height and six keypoints (x, y), in
            fractions of the detector's picture.
        scores: ``[896, 1]`` logits.
        letterbox: where the frame lies in that picture.
        width: the frame's width in pixels.
        height: the frame's height in pixels.
    """
    # Logits are clipped where mediapipe clips them, so that exp() stays finite.
    confidence = 1 / (1 + np.exp(-np.clip(scores[:, 0], -100, 100).astype(np.float64)))
    rows = np.flatnonzero(confidence >= LEAST_CONFIDENCE)
    merged = merge(boxes[rows], confidence[rows])
    pixels = np.array([width, height], np.float32)
    found = [_detection(row, sure, letterbox, pixels) for row, sure in merged]
    return sorted(found, key=lambda detection: detection.face.side, reverse=True)


def merge(
    boxes: NDArray[np.float32], confidence: NDArray[np.float64]
) -> list[tuple[NDArray[np.float32], float]]:
    """Average boxes that overlap, weighted by confidence (BlazeFace, section 4.3).

    Averaging instead of suppressing is what keeps boxes from jittering between frames.
    """
    waiting = np.argsort(-confidence, kind="stable")
    merged = []
    while len(waiting):
        close = overlap(boxes[waiting[0]], boxes[waiting]) > OVERLAP
        # A degenerate box does not even overlap itself; it still has to leave the queue.
        close[0] = True
        group, waiting = waiting[close], waiting[~close]
        weights = confidence[group][:, None]
        mean = (boxes[group] * weights).sum(axis=0) / weights.sum()
        merged.append((mean.astype(np.float32), float(confidence[group[0]])))
    return merged


def overlap(one: NDArray[np.float32], many: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the intersection over union of one box with each of ``many`` (centre and size)."""
    low = np.maximum(one[:2] - one[2:4] / 2, many[:, :2] - many[:, 2:4] / 2)
    high = np.minimum(one[:2] + one[2:4] / 2, many[:, :2] + many[:, 2:4] / 2)
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    union = np.prod(one[2:4]) + np.prod(many[:, 2:4], axis=1) - shared
    return np.asarray(shared / np.maximum(union, 1e-9), dtype=np.float32)


def _detection(
    row: NDArray[np.float32], confidence: float, letterbox: Letterbox, pixels: NDArray[np.float32]
) -> Detection:
    points = letterbox.in_frame(np.concatenate([row[:2], row[4:]]).reshape(-1, 2)) * pixels
    size = row[2:4] / np.array([letterbox.width, letterbox.height], np.float32) * pixels
    keypoints = points[1:]
    (angle,) = eye_angles(keypoints[None, RIGHT_EYE], keypoints[None, LEFT_EYE])
    centre = points[0]
    region = Region(float(centre[0]), float(centre[1]), float(size.max()), float(angle))
    return Detection(region, keypoints, confidence)
