"""Why a picture deserves less weight, judged on the face that the expression network is given."""

import cv2
import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import Quality

DARK_BELOW = 45.0
"""Mean grey level; 99 % of FER2013's faces, which the network learned from, lie above 51."""
BLURRED_BELOW = 0.12
"""Variance of the Laplacian over the picture's own variance, at 48x48: the ratio does not change
with contrast. FER2013: 5 % lie below 0.32; after a Gaussian blur of one pixel the median is
0.065 and 95 % lie below 0.14."""
SMALL_BELOW = 48.0
"""Side in pixels of the frame; a smaller face has to be enlarged for the network."""


def face_quality(grey: NDArray[np.uint8], side: float) -> tuple[Quality, ...]:
    """Return what is wrong with a face.

    Args:
        grey: the picture ``[48, 48, 1]`` or ``[48, 48]``.
        side: the side in pixels of the frame that it was cut from.
    """
    levels = grey.reshape(grey.shape[:2]).astype(np.float32)
    # A black picture has no variance to divide by, and is no sharper for it.
    detail = float(cv2.Laplacian(levels, cv2.CV_32F).var()) / max(float(levels.var()), 1.0)
    checks = {
        Quality.DARK: float(levels.mean()) < DARK_BELOW,
        Quality.BLURRED: detail < BLURRED_BELOW,
        Quality.SMALL: side < SMALL_BELOW,
    }
    return tuple(quality for quality, found in checks.items() if found)
