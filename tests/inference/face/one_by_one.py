"""One face read in plain steps, three channels and no batch: what the stage has to agree with."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from esapr.inference.calibration import calibrated
from esapr.inference.emotions import label_order
from esapr.inference.face.align import (
    BOX_DROP,
    BOX_OF_MESH,
    EXPRESSION_REGION,
    EXPRESSION_RISE,
    Region,
)
from esapr.inference.face.blink import LEFT_EYE, RIGHT_EYE
from esapr.inference.quality import BLURRED_BELOW, DARK_BELOW, SMALL_BELOW
from esapr.inference.signals import Quality
from tests.serving import models


@dataclass
class Reading:
    landmarks: np.ndarray
    box: tuple[float, float, float, float]
    eye_ratio: float
    probs: np.ndarray
    quality: tuple[Quality, ...]


def read(rgb: np.ndarray, region: Region) -> Reading:
    """Read the face in ``region``."""
    height, width = rgb.shape[:2]
    outputs = models()["face_landmarks"].run({"image": cut(rgb, region, 192)[None]})
    points = in_frame(outputs["landmarks"][0, :, :2], region)
    face = moved(mesh(points), 0.0, BOX_DROP, BOX_OF_MESH)
    square = moved(moved(face, 0.0, 0.0, EXPRESSION_REGION), 0.0, -EXPRESSION_RISE, 1.0)
    grey = cut(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), square, 48)
    expression = models()["face_expression"]
    logits = expression.run({"image": grey[None, ..., None]})["logits"][0]
    left, top = face.x - face.side / 2, face.y - face.side / 2
    return Reading(
        landmarks=points / (width, height),
        box=(left / width, top / height, face.side / width, face.side / height),
        eye_ratio=(openness(points[list(RIGHT_EYE)]) + openness(points[list(LEFT_EYE)])) / 2,
        probs=calibrated(logits[label_order(expression.card.labels)], expression.card.calibration),
        quality=quality(grey, square.side),
    )


def axes(region: Region) -> np.ndarray:
    """Columns: the square's own axes in the frame."""
    cosine, sine = math.cos(region.angle), math.sin(region.angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def in_frame(fractions: np.ndarray, region: Region) -> np.ndarray:
    return (fractions - 0.5) * region.side @ axes(region).T + (region.x, region.y)


def moved(region: Region, right: float, down: float, scale: float) -> Region:
    x, y = in_frame(np.array([[0.5 + right, 0.5 + down]]), region)[0]
    return Region(x, y, region.side * scale, region.angle)


def cut(picture: np.ndarray, region: Region, side: int) -> np.ndarray:
    """Three corresponding corners, four pixels for one where the face is large."""
    finer = side * min(4, max(1, round(region.side / side)))
    corners = np.float32([[0, 0], [1, 0], [0, 1]])
    source = in_frame(corners, region).astype(np.float32)
    matrix = cv2.getAffineTransform(source - np.float32(0.5), corners * finer - np.float32(0.5))
    large = cv2.warpAffine(picture, matrix, (finer, finer), borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA)


def mesh(points: np.ndarray) -> Region:
    """The square around all points, level with the eyes."""
    across = points[263] - points[33]
    turned = Region(0.0, 0.0, 1.0, math.atan2(across[1], across[0]))
    local = points @ axes(turned)
    low, high = local.min(axis=0), local.max(axis=0)
    x, y = axes(turned) @ ((low + high) / 2)
    return Region(x, y, (high - low).max(), turned.angle)


def openness(eye: np.ndarray) -> float:
    """Height over width of one eye: p1 to p6 of Soukupová & Čech."""
    p1, p2, p3, p4, p5, p6 = eye
    return float((math.dist(p2, p6) + math.dist(p3, p5)) / (2 * math.dist(p1, p4)))


def quality(grey: np.ndarray, side: float) -> tuple[Quality, ...]:
    detail = cv2.Laplacian(grey.astype(np.float32), cv2.CV_32F).var() / max(grey.var(), 1.0)
    dark, blurred, small = grey.mean() < DARK_BELOW, detail < BLURRED_BELOW, side < SMALL_BELOW
    found = {Quality.DARK: dark, Quality.BLURRED: blurred, Quality.SMALL: small}
    return tuple(name for name, wrong in found.items() if wrong)
