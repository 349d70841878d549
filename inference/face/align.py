"""Square regions of a frame, possibly turned, and the pictures that the networks are given."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import Box

Points = NDArray[np.float32]
"""Float32 ``[N, 2]``: x to the right, y down; the unit is said where it is used."""

EXPRESSION_SIDE = 48
# FaceMesh indices of the outer corners of the right and the left eye of the person in view.
OUTER_CORNERS = (33, 263)
LANDMARK_REGION = 1.5
# FER2013's faces were cut by a detector that differs from BlazeFace: the median of 968 of them is
# a square 1.17 times BlazeFace's box, its centre 6.9 % of its side above the box's.
EXPRESSION_REGION = 1.17
EXPRESSION_RISE = 0.069
# BlazeFace's square against the square around FaceMesh's points: medians of 46 faces in
# recordings (standard deviations 0.05 of the scale, 0.02 of the shifts).
BOX_OF_MESH = 0.89
BOX_DROP = 0.044


@dataclass(frozen=True, slots=True)
class Region:
    """A square in pixels of the frame: its centre, its side and its turn in radians (clockwise)."""

    x: float
    y: float
    side: float
    angle: float = 0.0

    def points_in_frame(self, points: Points) -> Points:
        """Map fractions of this square to pixels of the frame."""
        offset = (np.asarray(points, dtype=np.float32) - 0.5) * self.side
        return (offset @ self._turn().T + (self.x, self.y)).astype(np.float32)

    def points_in_region(self, points: Points) -> Points:
        """Map pixels of the frame to fractions of this square."""
        offset = np.asarray(points, dtype=np.float32) - np.array((self.x, self.y), np.float32)
        return (offset @ self._turn() / self.side + 0.5).astype(np.float32)

    def moved(self, right: float, down: float, scale: float) -> "Region":
        """Return the square shifted along its own axes by shares of its side, then scaled."""
        cosine, sine = math.cos(self.angle) * self.side, math.sin(self.angle) * self.side
        x = self.x + right * cosine - down * sine
        y = self.y + right * sine + down * cosine
        return Region(x, y, self.side * scale, self.angle)

    def _turn(self) -> NDArray[np.float32]:
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        return np.array([[cosine, -sine], [sine, cosine]], dtype=np.float32)


def cut(frame: NDArray[np.uint8], region: Region, side: int) -> NDArray[np.uint8]:
    """Return ``region`` of a frame ``[height, width(, 3)]`` as ``[side, side(, 3)]``, upright.

    What lies outside the frame repeats the frame's edge. A region at least half as large
    again as the picture is sampled finer and averaged, so that fine texture does not alias.
    """
    sampled = side * min(4, max(1, round(region.side / side)))
    corners = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    source = region.points_in_frame(corners)
    # Fractions address pixel edges; warpAffine addresses pixel centres.
    matrix = cv2.getAffineTransform(source - np.float32(0.5), corners * sampled - np.float32(0.5))
    picture = cv2.warpAffine(
        frame, matrix, (sampled, sampled), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if sampled != side:
        picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(picture, dtype=np.uint8)


def expression_picture(rgb: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    """Return the grey face ``[48, 48, 1]`` of an :func:`expression_region`."""
    # Grey first: one channel is turned and averaged instead of three.
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return cut(grey, region, EXPRESSION_SIDE)[..., None]


def expression_region(face: Region) -> Region:
    """Return the square that FER2013 would have cut around a BlazeFace-sized square."""
    enlarged = face.moved(0.0, 0.0, EXPRESSION_REGION)
    return enlarged.moved(0.0, -EXPRESSION_RISE, 1.0)


def face_of_mesh(mesh: Region) -> Region:
    """Return the BlazeFace-sized square of the square around all landmarks.

    Boxes and expression pictures are then the same, whichever network placed the face.
    """
    return mesh.moved(0.0, BOX_DROP, BOX_OF_MESH)


def eye_angle(right_eye: Points, left_eye: Points) -> float:
    """Return the turn of the line between the eyes, in radians; zero is level."""
    across = np.asarray(left_eye, dtype=np.float64) - np.asarray(right_eye, dtype=np.float64)
    return math.atan2(float(across[1]), float(across[0]))


def region_around(points: Points, angle: float) -> Region:
    """Return the square that encloses ``points`` (pixels) and has the given turn.

    It is centred on the points' bounding box in the turned axes.
    """
    turned = Region(0.0, 0.0, 1.0, angle)
    local = turned.points_in_region(points)
    low, high = local.min(axis=0), local.max(axis=0)
    centre = turned.points_in_frame(((low + high) / 2)[None])[0]
    return Region(float(centre[0]), float(centre[1]), float((high - low).max()), angle)


def box_of(region: Region, width: int, height: int) -> Box:
    """Return the upright box of the same centre and side, in fractions of the frame."""
    left, top = region.x - region.side / 2, region.y - region.side / 2
    return Box(left / width, top / height, region.side / width, region.side / height)
