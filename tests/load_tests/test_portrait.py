"""What the shipped clip promises: a face that blinks four times, and speech."""

from collections.abc import Iterator
from typing import Generic, TypeVar

import av
import numpy as np

from esapr.inference.calibration import PLAIN
from esapr.inference.emotions import LABELS
from esapr.inference.face.analyser import FaceAnalyser, FaceReading
from esapr.inference.face.expression import ExpressionReader
from esapr.inference.face.stages import DetectorStage, FaceStage
from esapr.inference.scoring import Scored
from esapr.inference.signals import FaceDetails, VideoFrame
from esapr.inference.stages import Network, Stage
from esapr.load_tests import PORTRAIT
from tests.serving import models

ANALYSED_FPS = 5


In = TypeVar("In")
Out = TypeVar("Out")


class Alone(Generic[In, Out]):
    """Scores one item at a time, at once."""

    def __init__(self, stage: Stage[In, Out]) -> None:
        self._stage = stage

    async def score(self, item: In, *, session: str) -> Scored[Out]:
        return Scored(self._stage.run([item], 0).values[0], 1, 0.0, 0.0)


def pictures() -> Iterator[VideoFrame]:
    with av.open(str(PORTRAIT)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % (15 // ANALYSED_FPS) == 0:
                yield VideoFrame(at=index / 15, rgb=frame.to_ndarray(format="rgb24"))


async def test_the_portrait_shows_one_face_that_blinks_four_times() -> None:
    detector, landmarks, expression = (
        Network(name, models()[name], models()[name].card.batch)
        for name in ("face_detector", "face_landmarks", "face_expression")
    )
    reader = ExpressionReader(LABELS, PLAIN)
    analyser = FaceAnalyser(
        Alone(DetectorStage(detector)),
        Alone(FaceStage(landmarks, expression, reader)),
        session="s",
    )

    readings: list[FaceReading] = [await analyser.score(frame) for frame in pictures()]

    assert all(reading.score for reading in readings)
    last = readings[-1].score
    assert last is not None
    assert isinstance(last.details, FaceDetails)
    assert last.details.blinks_total == 4


def test_most_of_the_sound_is_speech() -> None:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=16_000)
    with av.open(str(PORTRAIT)) as container:
        pieces = [
            piece.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for piece in resampler.resample(frame)
        ]
    heard = np.concatenate(pieces)
    windows = heard[: len(heard) // 48_000 * 48_000].reshape(-1, 48_000)

    chances = models()["voice_activity"].run({"samples": windows})["speech"]

    assert (chances > 0.5).mean() > 0.6
