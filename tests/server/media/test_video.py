"""Which frames of a track are converted, and what their pictures look like."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from esapr.server.media.video import Pictures


def frame(rgb: NDArray[np.uint8], index: int = 0, fps: int = 15) -> av.VideoFrame:
    made = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
    made.pts, made.time_base = index, Fraction(1, fps)
    return made


def room(width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    across = np.linspace(0, 255, width, dtype=np.uint8)
    down = np.linspace(255, 0, height, dtype=np.uint8)
    planes = np.broadcast_arrays(across[None], down[:, None], np.uint8(90))
    return np.ascontiguousarray(np.stack(planes, axis=2))


def test_as_many_pictures_are_converted_as_are_asked_for() -> None:
    pictures = Pictures()

    taken = [pictures.take(frame(room(), index), index / 15, 5.0) for index in range(45)]

    times = [picture.at for picture in taken if picture is not None]
    assert times == pytest.approx([index / 5 for index in range(15)], abs=1 / 15 + 1e-3)


def test_a_rate_that_changes_takes_effect_at_the_next_picture() -> None:
    pictures = Pictures()
    rates = [15.0] * 15 + [3.0] * 30

    taken = [pictures.take(frame(room(), i), i / 15, fps) for i, fps in enumerate(rates)]

    assert sum(picture is not None for picture in taken[:15]) == 15
    assert sum(picture is not None for picture in taken[15:]) == pytest.approx(6, abs=1)


def test_frames_that_never_came_are_not_made_up_for() -> None:
    pictures = Pictures()
    indices = [0, *range(60, 75)]

    taken = [pictures.take(frame(room(), index), index / 15, 5.0) for index in indices]

    assert sum(picture is not None for picture in taken) == pytest.approx(6, abs=1)


def test_a_picture_is_the_frame_at_half_its_size() -> None:
    picture = Pictures().take(frame(room()), 0.0, 5.0)

    assert picture is not None
    assert picture.rgb.shape == (240, 320, 3)
    assert picture.rgb.flags["C_CONTIGUOUS"]
    exact = cv2.resize(room(), (320, 240), interpolation=cv2.INTER_AREA)
    assert np.abs(picture.rgb.astype(int) - exact).mean() < 2


@pytest.mark.parametrize(
    ("size", "expected"),
    [((160, 120), (160, 120)), ((480, 640), (180, 240)), ((101, 77), (100, 76))],
)
def test_small_tall_and_odd_pictures_keep_their_shape(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    picture = Pictures().take(frame(room(*size)), 0.0, 5.0)

    assert picture is not None
    assert picture.rgb.shape == (*expected[::-1], 3)


def test_a_sender_may_change_its_resolution() -> None:
    pictures = Pictures()

    shapes = [
        taken.rgb.shape
        for index, side in enumerate((480, 240, 120))
        if (taken := pictures.take(frame(room(side, side), index, 1), float(index), 1.0))
    ]

    assert shapes == [(240, 240, 3), (240, 240, 3), (120, 120, 3)]
