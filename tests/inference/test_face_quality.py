"""What is said about a dark, blurred or small face."""

import cv2
import numpy as np
import pytest

from esapr.inference.quality import face_quality
from esapr.inference.signals import Quality


@pytest.fixture
def sharp() -> np.ndarray:
    """Coarse and fine detail around a middle grey, as in a face in good light."""
    noise = np.random.default_rng(1)
    coarse = cv2.resize(noise.normal(0, 40, (6, 6)), (48, 48), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + coarse + noise.normal(0, 8, (48, 48)), 0, 255).astype(np.uint8)


def quality(grey: np.ndarray, side: float) -> tuple[Quality, ...]:
    (found,) = face_quality(grey[None], np.array([side]))
    return found


def test_a_sharp_bright_large_face_is_fine(sharp: np.ndarray) -> None:
    assert quality(sharp, 120.0) == ()


def test_a_dark_face_is_dark_and_not_blurred(sharp: np.ndarray) -> None:
    assert quality(sharp // 5, 120.0) == (Quality.DARK,)


def test_a_blurred_face(sharp: np.ndarray) -> None:
    assert quality(cv2.GaussianBlur(sharp, (0, 0), 2), 120.0) == (Quality.BLURRED,)


def test_a_small_face(sharp: np.ndarray) -> None:
    assert quality(sharp, 47.0) == (Quality.SMALL,)


def test_a_black_picture_is_dark_and_blurred() -> None:
    black = np.zeros((48, 48), dtype=np.uint8)
    assert quality(black, 120.0) == (Quality.DARK, Quality.BLURRED)


def test_each_face_of_a_batch_is_judged_by_itself(sharp: np.ndarray) -> None:
    greys = np.stack([sharp // 5, sharp, np.zeros((48, 48), np.uint8), sharp])
    assert face_quality(greys, np.array([120.0, 47.0, 120.0, 120.0])) == [
        (Quality.DARK,),
        (Quality.SMALL,),
        (Quality.DARK, Quality.BLURRED),
        (),
    ]
