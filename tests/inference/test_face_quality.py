"""What is said about a dark, blurred, small or turned face, and what is left of its evidence."""

import cv2
import numpy as np
import pytest

from esapr.inference.quality import coverage_of, face_quality
from esapr.inference.signals import HeadPose, Quality

AHEAD = HeadPose(0, 0, 0)


@pytest.fixture
def sharp() -> np.ndarray:
    """Coarse and fine detail around a middle grey, as in a face in good light."""
    noise = np.random.default_rng(1)
    coarse = cv2.resize(noise.normal(0, 40, (6, 6)), (48, 48), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + coarse + noise.normal(0, 8, (48, 48)), 0, 255).astype(np.uint8)


def quality(grey: np.ndarray, side: float, head: HeadPose = AHEAD) -> tuple[Quality, ...]:
    (found,) = face_quality(grey[None], np.array([side]), [head])
    return found


def test_a_sharp_bright_large_face_is_fine(sharp: np.ndarray) -> None:
    assert quality(sharp, 120.0) == ()


def test_a_dark_face_is_dark_and_not_blurred(sharp: np.ndarray) -> None:
    assert quality(sharp // 5, 120.0) == (Quality.DARK,)


def test_a_blurred_face(sharp: np.ndarray) -> None:
    assert quality(cv2.GaussianBlur(sharp, (0, 0), 2), 120.0) == (Quality.BLURRED,)


def test_a_small_face(sharp: np.ndarray) -> None:
    assert quality(sharp, 47.0) == (Quality.SMALL,)


@pytest.mark.parametrize("head", [HeadPose(31, 0, 0), HeadPose(-31, 0, 0), HeadPose(0, -31, 0)])
def test_a_face_that_is_turned_away(sharp: np.ndarray, head: HeadPose) -> None:
    assert quality(sharp, 120.0, head) == (Quality.TURNED,)


def test_a_tilted_face_is_as_good_as_any_other(sharp: np.ndarray) -> None:
    assert quality(sharp, 120.0, HeadPose(30, -30, 80)) == ()


def test_each_defect_takes_of_the_evidence() -> None:
    assert coverage_of(()) == 1
    assert coverage_of((Quality.SMALL,)) == 0.8
    assert coverage_of((Quality.SMALL, Quality.TURNED)) == pytest.approx(0.6)


def test_a_black_picture_is_dark_and_blurred() -> None:
    black = np.zeros((48, 48), dtype=np.uint8)
    assert quality(black, 120.0) == (Quality.DARK, Quality.BLURRED)


def test_each_face_of_a_batch_is_judged_by_itself(sharp: np.ndarray) -> None:
    greys = np.stack([sharp // 5, sharp, np.zeros((48, 48), np.uint8), sharp])
    assert face_quality(greys, np.array([120.0, 47.0, 120.0, 120.0]), [AHEAD] * 4) == [
        (Quality.DARK,),
        (Quality.SMALL,),
        (Quality.DARK, Quality.BLURRED),
        (),
    ]
