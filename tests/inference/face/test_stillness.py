"""Which pictures are passed over, on a real face."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from esapr.inference.face.stillness import LONGEST, Stillness
from esapr.inference.signals import Box, FaceDetails, Modality, ModalityScore, VideoFrame

PHOTO = Path(__file__).parents[2] / "data" / "astronaut.jpg"
FACE = Box(0.36, 0.40, 0.31, 0.56)


@pytest.fixture(scope="module")
def photo() -> NDArray[np.uint8]:
    picture = cv2.imread(str(PHOTO))
    assert picture is not None
    small = cv2.resize(picture, (320, 320), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[:240, :, ::-1])


def score(at: float) -> ModalityScore:
    details = FaceDetails(FACE, np.zeros((468, 2), np.float32), 0, 0.0)
    probs = np.full(7, 1 / 7, np.float32)
    return ModalityScore(Modality.FACE, at, at, probs, 1.0, details, infer_ms=3.0)


def looked_at(photo: NDArray[np.uint8], at: float = 1.0) -> Stillness:
    stillness = Stillness()
    stillness.analysed(VideoFrame(at, photo), score(at))
    return stillness


def noisy(photo: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, 6, photo.shape)
    return (photo + noise).clip(0, 255).astype(np.uint8)


def test_a_still_face_keeps_its_score_under_the_noise_of_a_camera(
    photo: NDArray[np.uint8],
) -> None:
    stillness = looked_at(noisy(photo, 1))

    repeated = stillness.repeated(VideoFrame(1.2, noisy(photo, 2)))

    assert repeated is not None
    assert (repeated.start, repeated.end) == (1.2, 1.2)
    assert np.array_equal(repeated.probs, score(1.0).probs)
    assert repeated.infer_ms == 0


def test_a_still_face_is_looked_at_twice_a_second_all_the_same(photo: NDArray[np.uint8]) -> None:
    stillness = Stillness()
    analysed = 0

    for index in range(50):
        frame = VideoFrame(index / 5, noisy(photo, index))
        if stillness.repeated(frame) is None:
            stillness.analysed(frame, score(frame.at))
            analysed += 1

    assert 0.2 < LONGEST < 0.6
    assert analysed == pytest.approx(50 / 3, abs=1)


def test_eyelids_that_close_are_looked_at(photo: NDArray[np.uint8]) -> None:
    shut = photo.copy()
    # The person's right eye, twenty pixels wide, painted over with the skin below it.
    shut[130:140, 128:148] = photo[146:147, 128:148]

    assert looked_at(photo).repeated(VideoFrame(1.2, shut)) is None


def test_a_head_that_turns_a_little_is_looked_at(photo: NDArray[np.uint8]) -> None:
    assert looked_at(photo).repeated(VideoFrame(1.2, np.roll(photo, 5, axis=1))) is None


def test_what_happens_beside_the_face_is_not(photo: NDArray[np.uint8]) -> None:
    elsewhere = photo.copy()
    elsewhere[:, 230:] = 0

    assert looked_at(photo).repeated(VideoFrame(1.2, elsewhere)) is not None


def test_without_a_face_every_picture_is_looked_at(photo: NDArray[np.uint8]) -> None:
    stillness = looked_at(photo)

    stillness.analysed(VideoFrame(1.2, photo), None)

    assert stillness.repeated(VideoFrame(1.4, photo)) is None


@pytest.mark.parametrize("box", [Box(-0.3, -0.2, 0.2, 0.1), Box(0.95, 0.97, 0.5, 0.5)])
def test_a_box_that_leaves_the_picture_is_cut_off(photo: NDArray[np.uint8], box: Box) -> None:
    stillness = Stillness()
    details = FaceDetails(box, np.zeros((468, 2), np.float32), 0, 0.0)
    found = ModalityScore(Modality.FACE, 0.0, 0.0, np.zeros(7, np.float32), 1.0, details)

    stillness.analysed(VideoFrame(0.0, photo), found)

    assert stillness.repeated(VideoFrame(0.2, photo)) is not None
