"""The shipped voice-activity model: its folder, speech, noise and silence."""

from pathlib import Path

import numpy as np
import pytest

from esapr.inference.cards import ModelCard
from esapr.inference.models import Model
from esapr.inference.signals import SAMPLE_RATE, Quality
from esapr.inference.voice.activity import CHUNKS, find_speech
from esapr.inference.voice.analyser import ENOUGH_MS
from esapr.inference.voice.quality import quality
from esapr.inference.voice.windows import WINDOW
from esapr.models_onnx import ROOT

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ModelCard.read(ROOT / "voice_activity"))


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    """Synthetic speech behind a second of near silence, the same in noise, noise, zeros."""
    with np.load(DATA / "speech.npz") as stored:
        speech = (stored["samples"] / 32768).astype(np.float32)
    random = np.random.default_rng(0)
    quiet = random.normal(0, 1e-4, WINDOW).astype(np.float32)
    quiet[-len(speech) :] += speech
    noise = random.normal(0, 0.01, WINDOW).astype(np.float32)
    return np.stack([quiet, quiet + noise, noise, np.zeros(WINDOW, np.float32)])


def test_the_graph_is_the_one_on_the_card(model: Model) -> None:
    assert model.verify() <= model.card.parity_tolerance
    assert model.card.outputs[0].shape[1] == CHUNKS


def test_speech_is_found_where_it_is(model: Model, windows: np.ndarray) -> None:
    speech = model.run({"samples": windows})["speech"]
    for row in speech[:2]:
        assert row[:28].max() < 0.5
        assert np.mean(row[36:] > 0.5) > 0.8
    assert speech[2:].max() < 0.3


@pytest.mark.parametrize("seconds", [0.2, 0.5])
def test_music_is_no_speech_and_is_called_noise(model: Model, seconds: float) -> None:
    music = chords(seconds)
    speech = find_speech(model.run({"samples": music[np.newaxis]})["speech"][0])
    assert speech is None or speech.milliseconds < ENOUGH_MS
    assert quality(music, speech) == (Quality.NOISY,)


def chords(seconds: float) -> np.ndarray:
    """Three plucked voices, a chord each ``seconds``, at -20 dB of full scale."""
    random = np.random.default_rng(0)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    partials = np.outer([1, 1.26, 1.5], np.arange(1, 6)).ravel()
    beats = []
    while len(beats) * len(time) < WINDOW:
        notes = random.choice([220, 247, 262, 294, 330]) * partials
        beats.append((np.sin(2 * np.pi * np.outer(time, notes)) / partials).sum(1))
        beats[-1] *= np.exp(-2 * time)
    music = np.concatenate(beats)[:WINDOW]
    return (0.1 / np.sqrt(np.mean(music**2)) * music).astype(np.float32)


def test_neighbours_in_a_batch_do_not_matter(model: Model, windows: np.ndarray) -> None:
    together = model.run({"samples": windows})["speech"]
    for row, alone in zip(together, windows, strict=True):
        np.testing.assert_allclose(
            row, model.run({"samples": alone[np.newaxis]})["speech"][0], atol=1e-5
        )


def test_each_bucket_is_warmed(model: Model) -> None:
    model.warm_up()
