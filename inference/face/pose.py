"""Where a head points, and how far its mouth is open, from FaceMesh's points.

The head's axes are those of the triangle between the middles of both eyes and of the mouth, as in
gaze estimation (Zhang et al. 2018, "Revisiting Data Normalization for Appearance-Based Gaze
Estimation"): what is level and straight is a convention, and a face's own shape moves it by some
degrees. Depth is what FaceMesh guesses from one picture.
"""

import numpy as np
from numpy.typing import NDArray

from esapr.inference.face.align import Points
from esapr.inference.face.blink import LEFT_EYE, RIGHT_EYE
from esapr.inference.signals import HeadPose

_MOUTH = (61, 291)
_CORNERS = np.array((*RIGHT_EYE, *LEFT_EYE, *_MOUTH))
# Of those points: from the right eye's middle to the left one's, and from between them down to the
# mouth's.
_TRIANGLE = np.array(
    [
        [-1 / 6] * 6 + [1 / 6] * 6 + [0.0] * 2,
        [-1 / 12] * 12 + [1 / 2] * 2,
    ],
    np.float32,
)
# Inner lips: upper, lower, and both corners.
_UPPER, _LOWER, _FIRST, _SECOND = 13, 14, 78, 308


def head_poses(points: Points, depths: NDArray[np.float32]) -> list[HeadPose]:
    """Return where ``N`` heads point.

    Args:
        points: ``[N, 468, 2]`` in pixels of the frame.
        depths: ``[N, 468]``, away from the camera, in the same unit.
    """
    # Coordinates first: each is worked on for all heads at once.
    corners = np.dstack([points[:, _CORNERS], depths[:, _CORNERS]])
    across, down = np.tensordot(_TRIANGLE, corners, (1, 1))
    (ax, ay, az), (dx, dy, dz) = _unit(across.T), down.T
    along = dx * ax + dy * ay + dz * az
    dx, dy, dz = _unit(np.stack([dx - along * ax, dy - along * ay, dz - along * az]))
    # Across times down points into the head; the face looks the other way.
    ix, iy, iz = ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx
    yaw, pitch = np.arctan2(-ix, iz), np.arctan2(iy, np.hypot(ix, iz))
    angles = np.degrees(np.stack([yaw, pitch, np.arctan2(ay, dy)], axis=1))
    return [HeadPose(*row) for row in angles.tolist()]


def mouth_ratios(points: Points) -> NDArray[np.float32]:
    """Return height over width of the inner lips of ``N`` faces; 0 is shut.

    Args:
        points: ``[N, 468, 2]`` in pixels.
    """
    height = np.linalg.norm(points[:, _UPPER] - points[:, _LOWER], axis=1)
    width = np.linalg.norm(points[:, _FIRST] - points[:, _SECOND], axis=1)
    return np.asarray(height / np.maximum(width, 1e-6), np.float32)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``[3, N]`` at length one; a vector of no length stays as it is."""
    lengths = np.sqrt((vectors * vectors).sum(axis=0))
    return np.asarray(vectors / np.maximum(lengths, 1e-6), np.float32)
