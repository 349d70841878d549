"""What a poor camera, connection or pose makes of a grey face ``[side, side]`` of uint8."""

import cv2
import numpy as np
from numpy.typing import NDArray

Face = NDArray[np.uint8]
GREY = 128
SRGB_EXPONENT = 2.2


def blurred(face: Face, sigma: float) -> Face:
    """Blur by a Gaussian of ``sigma`` pixels."""
    return np.asarray(cv2.GaussianBlur(face, (0, 0), sigma), np.uint8)


def compressed(face: Face, quality: int) -> Face:
    """Compress to JPEG of ``quality`` (1 to 100) and back."""
    _, jpeg = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)


def shrunk(face: Face, side: int) -> Face:
    """Resample to ``side`` pixels and back."""
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    size = (face.shape[1], face.shape[0])
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def exposed(face: Face, stops: float) -> Face:
    """Multiply the light by ``2 ** stops``; what is brighter than white is white."""
    levels = 255 * (np.arange(256) / 255) * 2 ** (stops / SRGB_EXPONENT)
    return np.minimum(levels, 255).round().astype(np.uint8)[face]


def half_covered(face: Face) -> Face:
    """Cover the lower half with grey."""
    covered = face.copy()
    covered[face.shape[0] // 2 :] = GREY
    return covered
