"""The shipped voice-activity model: its folder, speech, noise and silence."""

from pathlib import Path

import numpy as np
import pytest

from esapr.inference.cards import ModelCard
from esapr.inference.models import Model
from esapr.inference.voice.activity import CHUNKS
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


def test_neighbours_in_a_batch_do_not_matter(model: Model, windows: np.ndarray) -> None:
    together = model.run({"samples": windows})["speech"]
    for row, alone in zip(together, windows, strict=True):
        np.testing.assert_allclose(
            row, model.run({"samples": alone[np.newaxis]})["speech"][0], atol=1e-5
        )


def test_each_bucket_is_warmed(model: Model) -> None:
    model.warm_up()
