"""Windows through the analyser, the batcher and the shipped models."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from esapr.inference.batching import BatchLimits
from esapr.inference.cards import ModelCard
from esapr.inference.emotions import CLASSES
from esapr.inference.models import Model
from esapr.inference.scoring import BatchFailedError, Scorer
from esapr.inference.signals import AudioWindow, Modality, Quality, VoiceDetails
from esapr.inference.stages import Network, Rows
from esapr.inference.voice.analyser import VoiceAnalyser, VoiceReading
from esapr.inference.voice.stages import ActivityStage
from esapr.inference.voice.windows import WINDOW
from esapr.inference.workers import ThreadWorkers
from esapr.models_onnx import ROOT

LIMITS = BatchLimits(buckets=(1, 2), max_wait=0.0, max_pending=4, use_by=30.0)
DATA = Path(__file__).parents[2] / "data"


class Counted:
    """An observer that counts the batches of each model."""

    def __init__(self) -> None:
        self.batches: list[str] = []

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None:
        self.batches.append(model)

    def dropped(self, model: str, reason: str, count: int) -> None: ...


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    names = ("voice_activity", "voice_expression")
    return {name: Model(ModelCard.read(ROOT / name)) for name in names}


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Two seconds of English: espeak-ng 1.51, ``-v en-us -s 150 -p 45``, 16 kHz, int16."""
    with np.load(DATA / "speech.npz") as stored:
        return (stored["samples"] / 32768).astype(np.float32)


@asynccontextmanager
async def analyser(models: dict[str, Model], observer: Counted) -> AsyncIterator[VoiceAnalyser]:
    with ThreadWorkers(1) as workers:
        scorers = {
            name: Scorer(stage(Network(name, models[name], LIMITS)), workers, observer)
            for name, stage in (("voice_activity", ActivityStage), ("voice_expression", Rows))
        }
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(scorer.run()) for scorer in scorers.values()]
            yield VoiceAnalyser(
                scorers["voice_activity"],
                scorers["voice_expression"],
                session="s",
                calibration=models["voice_expression"].card.calibration,
            )
            for task in running:
                task.cancel()


async def reading_of(
    models: dict[str, Model], samples: np.ndarray, observer: Counted | None = None
) -> VoiceReading:
    async with analyser(models, observer or Counted()) as voice:
        return await voice.score(AudioWindow(10.0, samples))


def window(speech: np.ndarray, *, end: int = WINDOW) -> np.ndarray:
    samples = np.random.default_rng(0).normal(0, 1e-3, WINDOW).astype(np.float32)
    samples[end - len(speech) : end] += speech
    return samples


async def test_speech_is_scored(models: dict[str, Model], speech: np.ndarray) -> None:
    reading = await reading_of(models, window(speech))
    assert reading.speech is not None
    assert 1400 <= reading.speech.milliseconds <= 2100
    assert reading.quality == ()
    score = reading.score
    assert score is not None
    assert (score.modality, score.start, score.end) == (Modality.VOICE, 7.0, 10.0)
    assert score.probs.shape == (CLASSES,)
    assert score.probs.sum() == pytest.approx(1.0, abs=1e-5)
    assert score.coverage == pytest.approx(reading.speech.milliseconds / 3000)
    assert isinstance(score.details, VoiceDetails)
    assert score.details.speech_ms == reading.speech.milliseconds
    assert -40 < score.details.loudness_db < -10
    assert score.details.prosody is not None
    assert score.details.prosody.pitch_hz == pytest.approx(90, rel=0.25)


async def test_silence_costs_no_inference(models: dict[str, Model]) -> None:
    observer = Counted()
    reading = await reading_of(models, np.zeros(WINDOW, np.float32), observer)
    assert (reading.score, reading.speech) == (None, None)
    assert reading.quality == (Quality.SILENT,)
    assert observer.batches == []


@pytest.mark.parametrize("level", [1e-3, 1e-2, 1e-1])
async def test_noise_is_no_speech(models: dict[str, Model], level: float) -> None:
    observer = Counted()
    noise = np.random.default_rng(1).normal(0, level, WINDOW).astype(np.float32)
    reading = await reading_of(models, noise, observer)
    assert (reading.score, reading.speech) == (None, None)
    assert reading.quality == ((Quality.NOISY,) if level > 1e-3 else ())
    assert observer.batches == ["voice_activity"]


async def test_a_short_sound_is_not_scored(models: dict[str, Model], speech: np.ndarray) -> None:
    reading = await reading_of(models, window(speech[4000:9000]))
    assert reading.score is None
    assert reading.speech is not None
    assert 0 < reading.speech.milliseconds < 600


async def test_speech_that_ended_a_second_ago_is_not_scored_again(
    models: dict[str, Model], speech: np.ndarray
) -> None:
    observer = Counted()
    reading = await reading_of(models, window(speech[:16_000], end=20_000), observer)
    assert reading.score is None
    assert reading.speech is not None
    assert reading.speech.milliseconds >= 600
    assert observer.batches == ["voice_activity"]


async def test_clipped_speech_says_so(models: dict[str, Model], speech: np.ndarray) -> None:
    plain = await reading_of(models, window(speech))
    reading = await reading_of(models, np.clip(window(speech * 20), -1, 1))
    assert reading.quality == (Quality.CLIPPED,)
    assert reading.score is not None
    assert reading.score.quality == (Quality.CLIPPED,)
    assert plain.score is not None
    assert reading.score.coverage < plain.score.coverage


@pytest.mark.parametrize(
    ("gain_db", "noise_db", "flag"),
    [(60.0, -90.0, Quality.CLIPPED), (-40.0, -120.0, Quality.QUIET), (0.0, -22.0, Quality.NOISY)],
)
async def test_speech_that_is_spoiled_is_not_guessed_at(
    models: dict[str, Model], speech: np.ndarray, gain_db: float, noise_db: float, flag: Quality
) -> None:
    observer = Counted()
    hiss = np.random.default_rng(2).normal(0, 10 ** (noise_db / 20), WINDOW)
    loud = window(speech) * 10 ** (gain_db / 20) + hiss
    reading = await reading_of(models, np.clip(loud, -1, 1).astype(np.float32), observer)
    assert flag in reading.quality
    assert reading.speech is not None
    assert reading.score is None
    assert observer.batches == ["voice_activity"]


async def test_the_level_of_the_microphone_does_not_matter(
    models: dict[str, Model], speech: np.ndarray
) -> None:
    plain = await reading_of(models, window(speech))
    quiet = await reading_of(models, window(speech) / 4)
    assert plain.score is not None
    assert quiet.score is not None
    assert np.abs(plain.score.probs - quiet.score.probs).max() < 0.02
    assert isinstance(plain.score.details, VoiceDetails)
    assert isinstance(quiet.score.details, VoiceDetails)
    difference = plain.score.details.loudness_db - quiet.score.details.loudness_db
    assert difference == pytest.approx(12.0, abs=0.3)


async def test_a_broken_window_fails_alone(models: dict[str, Model], speech: np.ndarray) -> None:
    broken = window(speech)
    broken[-1000] = np.nan
    async with analyser(models, Counted()) as voice:
        with pytest.raises(BatchFailedError):
            await voice.score(AudioWindow(1.0, broken))
        assert (await voice.score(AudioWindow(2.0, window(speech)))).score is not None
