"""Square regions of a frame, possibly turned, and the pictures that the networks are given.

Regions are worked on a batch at a time; pictures are cut one by one, straight into their row of a
network's input.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import Box

Points = NDArray[np.float32]
"""Float32 ``[..., 2]``: x to the right, y down; the unit is said where it is used."""

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

    def scaled(self, scale: float) -> "Region":
        """Return the square of the same centre, its side multiplied by ``scale``."""
        return Region(self.x, self.y, self.side * scale, self.angle)


@dataclass(frozen=True, slots=True)
class Regions:
    """A square of each of ``N`` frames: ``centre`` ``[N, 2]``, the others ``[N]``, all float64."""

    centre: NDArray[np.float64]
    side: NDArray[np.float64]
    angle: NDArray[np.float64]

    @classmethod
    def of(cls, regions: Sequence[Region]) -> Self:
        """Gather single squares."""
        columns = np.array([(one.x, one.y, one.side, one.angle) for one in regions], np.float64)
        return cls(columns[:, :2], columns[:, 2], columns[:, 3])

    @classmethod
    def around(cls, points: Points, angle: NDArray[np.float64]) -> Self:
        """Return the squares that enclose ``points`` ``[N, P, 2]`` (pixels) and have these turns.

        Each is centred on its points' bounding box in the turned axes.
        """
        turn = _turn(angle)
        # Rows of x and of y: each is contiguous.
        local = (turn.swapaxes(1, 2).astype(np.float32)) @ points.swapaxes(1, 2)
        low, high = local.min(axis=2).astype(np.float64), local.max(axis=2)
        centre = (turn @ ((low + high) / 2)[:, :, None])[:, :, 0]
        return cls(centre, (high - low).max(axis=1), angle)

    def each(self) -> list[Region]:
        """Return the single squares."""
        columns = np.column_stack([self.centre, self.side, self.angle])
        return [Region(*row) for row in columns.tolist()]

    def points_in_frame(self, points: Points) -> Points:
        """Map fractions of the squares, ``[N, P, 2]``, to pixels of their frames."""
        axes = (_turn(self.angle) * self.side[:, None, None]).astype(np.float32)
        offset = (points - np.float32(0.5)) @ axes.swapaxes(1, 2)
        return np.asarray(offset + self.centre[:, None].astype(np.float32), np.float32)

    def corners(self) -> Points:
        """Return the upper left, upper right and lower left corners, ``[N, 3, 2]``, in pixels."""
        corners = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
        return self.points_in_frame(np.broadcast_to(corners, (len(self.side), 3, 2)))

    def moved(self, right: float, down: float, scale: float) -> "Regions":
        """Return the squares shifted along their own axes by shares of their side, then scaled."""
        cosine, sine = np.cos(self.angle) * self.side, np.sin(self.angle) * self.side
        shift = np.stack([right * cosine - down * sine, right * sine + down * cosine], axis=1)
        return Regions(self.centre + shift, self.side * scale, self.angle)


def _turn(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrices ``[N, 2, 2]`` that turn columns by ``angle`` ``[N]``."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([cosine, -sine, sine, cosine], axis=1).reshape(-1, 2, 2)


def cut(rgb: NDArray[np.uint8], region: Region, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fill ``picture`` with ``region`` of a frame ``[height, width, 3]``, upright; return it.

    A picture is ``[side, side, 3]``, or ``[side, side, 1]`` for grey. What lies outside the
    frame repeats the frame's edge. A region at least half as large again as the picture is
    sampled finer and averaged, so that fine texture does not alias.
    """
    side = len(picture)
    sampled = side * min(4, max(1, round(region.side / side)))
    scale = region.side / sampled
    right, down = math.cos(region.angle) * scale, math.sin(region.angle) * scale
    reach = (abs(right) + abs(down)) * sampled / 2
    left, width = _window(region.x, reach, rgb.shape[1])
    top, height = _window(region.y, reach, rgb.shape[0])
    # OpenCV turns four channels in half the time of three.
    window = cv2.cvtColor(rgb[top : top + height, left : left + width], cv2.COLOR_RGB2RGBA)
    # warpAffine addresses pixel centres: the middle of the picture is (sampled - 1) / 2.
    middle = (sampled - 1) / 2
    x = region.x - left - 0.5 - (right - down) * middle
    y = region.y - top - 0.5 - (down + right) * middle
    upright = cv2.warpAffine(
        window,
        np.array([[right, -down, x], [down, right, y]]),
        (sampled, sampled),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if sampled != side:
        upright = cv2.resize(upright, (side, side), interpolation=cv2.INTER_AREA)
    colours = cv2.COLOR_RGBA2RGB if picture.shape[2] == 3 else cv2.COLOR_RGBA2GRAY
    cv2.cvtColor(upright, colours, dst=picture)
    return picture


def _window(centre: float, reach: float, length: int) -> tuple[int, int]:
    """Return the first pixel, and their number, that a cut within ``reach`` looks at.

    One more on each side is interpolated with; at least one is left at the frame's edge.
    """
    first = min(max(0, math.floor(centre - reach) - 1), length - 1)
    last = min(max(first, math.ceil(centre + reach) + 1), length - 1)
    return first, last - first + 1


def expression_regions(faces: Regions) -> Regions:
    """Return the squares that FER2013 would have cut around BlazeFace-sized squares."""
    return faces.moved(0.0, 0.0, EXPRESSION_REGION).moved(0.0, -EXPRESSION_RISE, 1.0)


def faces_of_meshes(meshes: Regions) -> Regions:
    """Return the BlazeFace-sized squares of the squares around all landmarks.

    Boxes and expression pictures are then the same, whichever network placed the face.
    """
    return meshes.moved(0.0, BOX_DROP, BOX_OF_MESH)


def eye_angles(right_eyes: Points, left_eyes: Points) -> NDArray[np.float64]:
    """Return the turn of the lines between eyes ``[N, 2]``, in radians; zero is level."""
    across = left_eyes.astype(np.float64) - right_eyes
    return np.asarray(np.arctan2(across[:, 1], across[:, 0]), np.float64)


def boxes_of(regions: Regions, sizes: NDArray[np.float32]) -> list[Box]:
    """Return the upright boxes of the same centres and sides, in fractions of the frames.

    Args:
        regions: ``N`` squares.
        sizes: ``[N, 2]``, the frames' widths and heights in pixels.
    """
    side = regions.side[:, None]
    rows = np.hstack([(regions.centre - side / 2) / sizes, side / sizes])
    return [Box(*row) for row in rows.tolist()]
