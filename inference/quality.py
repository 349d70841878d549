"""Why a picture deserves less weight, judged on the face that the expression network is given."""

import math
from collections.abc import Sequence
from itertools import compress

import cv2
import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import HeadPose, Quality

DARK_BELOW = 45.0
"""Mean grey level; 99 % of FER2013's faces, which the network learned from, lie above 51."""
BLURRED_BELOW = 0.12
"""Variance of the Laplacian over the picture's own variance, at 48x48: the ratio does not change
with contrast. FER2013: 5 % lie below 0.32; after a Gaussian blur of one pixel the median is
0.065 and 95 % lie below 0.14."""
SMALL_BELOW = 48.0
"""Side in pixels of the frame; a smaller face has to be enlarged for the network."""
TURNED_ABOVE = 30.0
"""Degrees of yaw or pitch: on faces turned further aside 57 % of FER2013's labels are met, on
those within ten degrees 70 %."""

COVERAGE = {
    Quality.DARK: 0.5,
    Quality.BLURRED: 0.6,
    Quality.SMALL: 0.8,
    Quality.TURNED: 0.75,
    Quality.SEVERAL_FACES: 1.0,
}
"""How much of a good picture's evidence is left: the accuracy on such faces over that on good
ones, both above chance. Measured on FER2013's PublicTest, spoiled accordingly
(docs/explanation/face-model.md)."""


def coverage_of(quality: Sequence[Quality]) -> float:
    """Return how much evidence a face with these defects still is: 1 without any."""
    return math.prod(COVERAGE[defect] for defect in quality)


def face_quality(
    greys: NDArray[np.uint8], sides: NDArray[np.float64], heads: Sequence[HeadPose]
) -> list[tuple[Quality, ...]]:
    """Return what is wrong with each of ``N`` faces.

    Args:
        greys: the pictures, ``[N, 48, 48]``.
        sides: ``[N]``, the side in pixels of the frame that each was cut from.
        heads: where each of them points.
    """
    count = len(greys)
    # Levels first, edges behind: one mean and one variance for both.
    planes = np.empty((2 * count, *greys.shape[1:]), np.float32)
    planes[:count] = greys
    for picture, edges in zip(planes[:count], planes[count:], strict=True):
        cv2.Laplacian(picture, cv2.CV_32F, dst=edges)
    pixels = planes.reshape(2 * count, -1)
    mean = pixels.mean(axis=1, keepdims=True)
    variance = pixels.var(axis=1, mean=mean)
    # A black picture has no variance to divide by, and is no sharper for it.
    detail = variance[count:] / np.maximum(variance[:count], 1.0)
    checks = {
        Quality.DARK: mean[:count, 0] < DARK_BELOW,
        Quality.BLURRED: detail < BLURRED_BELOW,
        Quality.SMALL: sides < SMALL_BELOW,
        Quality.TURNED: [max(abs(h.yaw), abs(h.pitch)) > TURNED_ABOVE for h in heads],
    }
    found = np.stack(list(checks.values()), axis=1).tolist()
    return [tuple(compress(checks, row)) for row in found]
