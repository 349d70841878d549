"""The recogniser's stem on small grey pictures computes what it did on large colour ones."""

import cv2
import numpy as np

from esapr.models_onnx.training.face.recogniser import (
    GREY_MEAN,
    GREY_SPREAD,
    MEANS,
    Kernel,
    grey,
    half_side,
)

SIDE = 12


def convolved(picture: np.ndarray, kernel: Kernel, stride: int) -> np.ndarray:
    """Return ``[rows, columns, N]`` of a picture ``[side, side, C]``, without padding."""
    starts = range(0, len(picture) - 2, stride)
    patches = np.array([[picture[y : y + 3, x : x + 3] for x in starts] for y in starts])
    return np.einsum("yxijc,ijcn->yxn", patches, kernel)


def test_half_the_side_gives_what_a_doubled_picture_gave() -> None:
    draw = np.random.default_rng(1)
    picture = draw.normal(size=(SIDE, SIDE, 1)).astype(np.float32)
    kernel = draw.normal(size=(3, 3, 1, 4)).astype(np.float32)
    doubled = cv2.resize(picture, (2 * SIDE, 2 * SIDE), interpolation=cv2.INTER_LINEAR)

    large = convolved(doubled[..., None], kernel, 2)
    small = convolved(picture, half_side(kernel), 1)

    # Without padding, the small picture's first output is the large one's second.
    inside = large[1 : 1 + len(small), 1 : 1 + len(small)]
    np.testing.assert_allclose(small, inside, rtol=1e-4, atol=1e-5)


def test_a_standardised_grey_picture_gives_what_three_equal_channels_gave() -> None:
    draw = np.random.default_rng(2)
    levels = draw.uniform(0, 255, (SIDE, SIDE, 1)).astype(np.float32)
    kernel = draw.normal(size=(3, 3, 3, 4)).astype(np.float32)
    bias = draw.normal(size=4).astype(np.float32)

    colour = convolved(levels - MEANS, kernel, 1) + bias
    folded = grey(kernel, bias)
    standardised = convolved((levels - GREY_MEAN) / GREY_SPREAD, folded.kernel, 1) + folded.bias

    np.testing.assert_allclose(standardised, colour, rtol=1e-3, atol=0.1)
