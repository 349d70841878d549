"""FaceMesh (Kartynnik et al. 2019, arXiv:1907.06724): 468 points from a face's picture."""

import numpy as np
from numpy.typing import NDArray

from esapr.inference.face.align import OUTER_CORNERS, Points, Regions, eye_angles

LANDMARK_SIDE = 192
# A point set with less is treated as "the face has gone": the logit of mediapipe's default, 0.5.
LEAST_PRESENCE = 0.0


def faces_present(logits: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return whether pictures show a face at all: ``[N]``, of the network's ``[N, 1]`` logits."""
    return np.asarray(logits[:, 0] >= LEAST_PRESENCE, np.bool_)


def mesh_regions(points: Points) -> Regions:
    """Return the squares around the points ``[N, 468, 2]``, turned with the lines of the eyes."""
    right, left = OUTER_CORNERS
    return Regions.around(points, eye_angles(points[:, right], points[:, left]))
