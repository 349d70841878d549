"""Frames through the shipped detector, landmarks and expression network, in the real batchers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from esapr.inference.cards import Arrays, ModelCard
from esapr.inference.emotions import Emotion
from esapr.inference.face.analyser import FaceAnalyser, FaceReading
from esapr.inference.face.expression import ExpressionReader
from esapr.inference.face.stages import DetectorStage, FaceStage, IrisStage
from esapr.inference.models import Model
from esapr.inference.scoring import BatchFailedError, Scorer
from esapr.inference.signals import FaceDetails, Modality, Quality, VideoFrame
from esapr.inference.stages import Network
from esapr.inference.workers import ThreadWorkers
from esapr.models_onnx import ROOT
from tests.inference.batch_models import TakesAnyArrays

pytestmark = pytest.mark.real_time

# A 320 x 240 part of NASA's portrait of Eileen Collins (public domain); eyes read off by hand.
PORTRAIT = Path(__file__).parents[2] / "data" / "astronaut.jpg"
RIGHT_EYE, LEFT_EYE = (138.0, 101.0), (183.0, 103.0)
RIGHT_CORNERS, LEFT_CORNERS = (33, 133), (362, 263)
EMPTY = np.full((240, 320, 3), 120, dtype=np.uint8)


class Unobserved:
    """Ignores what the scorers report."""

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None: ...

    def dropped(self, model: str, reason: str, count: int) -> None: ...


class Counted(TakesAnyArrays):
    """Counts a model's batches; ``fails`` makes it raise."""

    def __init__(self, run: Callable[[Arrays], Arrays]) -> None:
        self._run = run
        self.batches = 0
        self.fails = False

    def run(self, batch: Arrays, device: int) -> Arrays:
        self.batches += 1
        if self.fails:
            raise RuntimeError("this model fails")
        return self._run(batch)


Models = dict[str, tuple[ModelCard, Counted]]


@pytest.fixture(scope="module")
def loaded() -> dict[str, Model]:
    names = ("face_detector", "face_landmarks", "face_expression", "eye_iris")
    return {name: Model(ModelCard.read(ROOT / name)) for name in names}


@pytest.fixture
def models(loaded: dict[str, Model]) -> Models:
    return {name: (model.card, Counted(model.run)) for name, model in loaded.items()}


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(PORTRAIT)), cv2.COLOR_BGR2RGB)


@asynccontextmanager
async def analysing(models: Models) -> AsyncIterator[FaceAnalyser]:
    async with AsyncExitStack() as stack:
        workers = stack.enter_context(ThreadWorkers(1))
        detector, landmarks, expression, iris = (
            Network(name, model, card.batch) for name, (card, model) in models.items()
        )
        card = models["face_expression"][0]
        stage = FaceStage(landmarks, expression, ExpressionReader(card.labels, card.calibration))
        faces = Scorer(DetectorStage(detector), workers, Unobserved())
        face = Scorer(stage, workers, Unobserved())
        eyes = Scorer(IrisStage(iris), workers, Unobserved())
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(scorer.run()) for scorer in (faces, face, eyes)]
            yield FaceAnalyser(faces, face, eyes, session="s1")
            for task in tasks:
                task.cancel()


async def read(models: Models, *frames: np.ndarray, step: float = 0.2) -> list[FaceReading]:
    async with analysing(models) as analyser:
        return [
            await analyser.score(VideoFrame(index * step, rgb)) for index, rgb in enumerate(frames)
        ]


def details(reading: FaceReading) -> FaceDetails:
    assert reading.score is not None
    assert isinstance(reading.score.details, FaceDetails)
    return reading.score.details


def eye(reading: FaceReading, corners: tuple[int, int], shape: tuple[int, ...]) -> np.ndarray:
    height, width = shape[:2]
    return details(reading).landmarks[list(corners)].mean(axis=0) * (width, height)


async def test_a_portrait_is_read(models: Models, portrait: np.ndarray) -> None:
    (reading,) = await read(models, portrait)
    score = reading.score
    assert score is not None
    assert (score.modality, score.coverage, score.quality) == (Modality.FACE, 1.0, ())
    assert score.probs.sum() == pytest.approx(1, abs=1e-5)
    assert score.infer_ms > 0


async def test_a_broad_smile_is_a_happy_expression(models: Models, portrait: np.ndarray) -> None:
    (reading,) = await read(models, portrait)
    assert reading.score is not None
    assert reading.score.probs.argmax() == Emotion.HAPPY


async def test_landmarks_lie_on_the_eyes(models: Models, portrait: np.ndarray) -> None:
    for reading in await read(models, portrait, portrait):
        right = eye(reading, RIGHT_CORNERS, portrait.shape)
        left = eye(reading, LEFT_CORNERS, portrait.shape)
        assert right == pytest.approx(RIGHT_EYE, abs=4)
        assert left == pytest.approx(LEFT_EYE, abs=4)


async def test_the_box_holds_the_eyes_and_the_detector_and_the_track_agree(
    models: Models, portrait: np.ndarray
) -> None:
    first, second = [details(r).box for r in await read(models, portrait, portrait)]
    assert first.left * 320 < RIGHT_EYE[0] < LEFT_EYE[0] < (first.left + first.width) * 320
    assert second.left == pytest.approx(first.left, abs=0.02)
    assert second.width == pytest.approx(first.width, abs=0.02)


async def test_a_followed_face_needs_no_detector(models: Models, portrait: np.ndarray) -> None:
    await read(models, *[portrait] * 5)
    assert models["face_detector"][1].batches == 1
    assert models["face_expression"][1].batches == 5


async def test_an_empty_frame_says_no_face(models: Models) -> None:
    (reading,) = await read(models, EMPTY)
    assert (reading.score, reading.quality) == (None, (Quality.NO_FACE,))
    assert models["face_expression"][1].batches == 0


async def test_a_face_that_leaves_is_noticed_and_found_again(
    models: Models, portrait: np.ndarray
) -> None:
    readings = await read(models, portrait, EMPTY, EMPTY, portrait)
    assert [reading.score is not None for reading in readings] == [True, False, False, True]


async def test_a_face_that_jumps_is_found_in_the_same_frame(
    models: Models, portrait: np.ndarray
) -> None:
    moved = np.roll(portrait, 90, axis=1)
    readings = await read(models, portrait, moved)
    assert details(readings[1]).box.left > details(readings[0]).box.left + 0.2


async def test_a_face_that_fills_the_frame_is_found_within_two_frames(
    models: Models, portrait: np.ndarray
) -> None:
    close = np.ascontiguousarray(portrait[58:182, 98:222])
    readings = await read(models, close, close)
    assert readings[1].score is not None


async def test_a_tilted_head_is_read_like_an_upright_one(
    models: Models, portrait: np.ndarray
) -> None:
    turn = cv2.getRotationMatrix2D((160, 120), 30, 1.0)
    tilted = cv2.warpAffine(portrait, turn, (320, 240), borderMode=cv2.BORDER_REPLICATE)
    (reading,) = await read(models, tilted)
    right = turn @ (*RIGHT_EYE, 1.0)
    assert eye(reading, RIGHT_CORNERS, tilted.shape) == pytest.approx(right, abs=5)
    assert reading.score is not None
    assert reading.score.probs.argmax() == Emotion.HAPPY


async def test_a_dark_frame_is_still_read_and_marked(models: Models, portrait: np.ndarray) -> None:
    (reading,) = await read(models, portrait // 5)
    assert reading.score is not None
    assert Quality.DARK in reading.quality


async def test_a_failing_model_reaches_the_caller(models: Models, portrait: np.ndarray) -> None:
    async with analysing(models) as analyser:
        models["face_expression"][1].fails = True
        with pytest.raises(BatchFailedError):
            await analyser.score(VideoFrame(0.0, portrait))
        models["face_expression"][1].fails = False
        assert (await analyser.score(VideoFrame(0.2, portrait))).score is not None


async def test_a_portrait_looks_into_the_camera_once_a_second(
    models: Models, portrait: np.ndarray
) -> None:
    readings = await read(models, *[portrait] * 7)
    for reading in readings:
        gaze = details(reading).gaze
        assert gaze is not None
        assert max(abs(gaze.yaw), abs(gaze.pitch)) < 20
        assert not gaze.away
    assert models["eye_iris"][1].batches == 2


async def test_a_failing_iris_network_costs_no_expression(
    models: Models, portrait: np.ndarray
) -> None:
    models["eye_iris"][1].fails = True
    (reading,) = await read(models, portrait)
    assert reading.score is not None
    assert reading.score.probs.argmax() == Emotion.HAPPY
    assert details(reading).gaze is None


async def test_of_two_people_one_is_measured_and_both_are_counted(
    models: Models, portrait: np.ndarray
) -> None:
    beside = np.hstack([portrait[:, 80:240], portrait[:, 80:240]])
    async with analysing(models) as analyser:
        reading = await analyser.score(VideoFrame(0.0, beside))

    assert reading.score is not None
    assert isinstance(reading.score.details, FaceDetails)
    assert reading.score.details.faces > 1
    assert reading.score.details.track == 1
    assert Quality.SEVERAL_FACES in reading.quality
    assert reading.score.coverage == 1
