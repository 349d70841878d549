"""Encoded pictures to RGB, no larger than they are analysed."""

import struct
import warnings
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.video import MAX_HEIGHT, MAX_WIDTH

FORMATS = ("JPEG", "PNG", "WEBP")
_SCAN = b"\xff\xda"
"""Begins a scan of a JPEG; in compressed data 0xFF is always followed by zero or a restart."""
_TURNED = (5, 6, 7, 8)
"""Values of EXIF's orientation that swap width and height."""

# What Pillow raises on bytes that it cannot read.
_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)

# It warns of a picture that is far over our own limit, which refuses it in the next line.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# And of every broken EXIF entry: a picture may have thousands, each a line in the log.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


def decode_picture(data: bytes) -> NDArray[np.uint8]:
    """Return uint8 RGB ``[height, width, 3]``, upright as EXIF says; blocks.

    The size is checked by the header before anything is decoded. A JPEG is decoded at the
    smallest of its scales (1/2, 1/4, 1/8) that suffices. Of an animation the first picture is
    taken, and what is transparent is black.

    Raises:
        ProtocolError: ``media_invalid``.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _check_size(*image.size)
            _check_scans(image.format, data)
            return _reduced(image)
    except _ERRORS as error:
        raise _invalid(f"not a JPEG, PNG or WebP picture: {type(error).__name__}") from error


def _check_size(width: int, height: int) -> None:
    if width * height > limits.MAX_IMAGE_PIXELS:
        raise _invalid(f"at most {limits.MAX_IMAGE_PIXELS} pixels")
    if min(width, height) < limits.MIN_IMAGE_SIDE:
        raise _invalid(f"at least {limits.MIN_IMAGE_SIDE} pixels a side")


def _check_scans(kind: str | None, data: bytes) -> None:
    if kind == "JPEG" and data.count(_SCAN) > limits.MAX_JPEG_SCANS:
        raise _invalid(f"at most {limits.MAX_JPEG_SCANS} scans")


def _reduced(image: Image.Image) -> NDArray[np.uint8]:
    turned = image.getexif().get(ExifTags.Base.Orientation) in _TURNED
    bounds = (MAX_HEIGHT, MAX_WIDTH) if turned else (MAX_WIDTH, MAX_HEIGHT)
    scale = min(1.0, bounds[0] / image.width, bounds[1] / image.height)
    width, height = (max(2, round(side * scale)) for side in image.size)
    image.draft("RGB", (width, height))
    # A palette with transparency has to pass through RGBA.
    rgb = image.convert("RGBA").convert("RGB") if image.mode == "P" else image.convert("RGB")
    if rgb.size != (width, height):
        rgb = rgb.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.array(ImageOps.exif_transpose(rgb), np.uint8)


def _invalid(message: str) -> ProtocolError:
    return ProtocolError(ErrorCode.MEDIA_INVALID, message, "payload")
