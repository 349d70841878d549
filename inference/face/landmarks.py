"""FaceMesh (Kartynnik et al. 2019, arXiv:1907.06724): 468 points from a face's picture."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esapr.inference.face.align import OUTER_CORNERS, Points, Region, eye_angle, region_around

LANDMARK_SIDE = 192
# A point set with less is treated as "the face has gone" (mediapipe's default).
LEAST_PRESENCE = 0.5


@dataclass(frozen=True, slots=True)
class Mesh:
    """A face's ``points`` ``[468, 2]`` in pixels of the frame and how surely one is there."""

    points: Points
    presence: float

    @property
    def is_face(self) -> bool:
        """Whether the picture that was looked at shows a face at all."""
        return self.presence >= LEAST_PRESENCE

    @property
    def region(self) -> Region:
        """The square around all points, turned with the line between the eyes."""
        right, left = OUTER_CORNERS
        return region_around(self.points, eye_angle(self.points[right], self.points[left]))


def mesh(landmarks: NDArray[np.float32], presence: NDArray[np.float32], region: Region) -> Mesh:
    """Place a network's output in the frame.

    Args:
        landmarks: ``[468, 3]`` x, y, depth in fractions of the picture; depth is not used.
        presence: logit ``[1]``.
        region: what the picture shows of the frame.
    """
    logit = min(max(float(presence[0]), -50.0), 50.0)
    return Mesh(region.points_in_frame(landmarks[:, :2]), 1 / (1 + math.exp(-logit)))
