"""The shipped voice-expression model: what must not change its answer does not."""

from pathlib import Path

import numpy as np
import pytest

from esapr.inference.cards import ModelCard
from esapr.inference.emotions import CLASSES, LABELS
from esapr.inference.models import Model
from esapr.inference.sessions import ChangedSession
from esapr.inference.signals import SAMPLE_RATE
from esapr.inference.voice.activity import LENGTHS, PIECE
from esapr.inference.voice.windows import WINDOW
from esapr.models_onnx import ROOT

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ModelCard.read(ROOT / "voice_expression"))


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Two seconds of synthetic speech, zeros behind them."""
    with np.load(DATA / "speech.npz") as stored:
        spoken = (stored["samples"] / 32768).astype(np.float32)
    return np.pad(spoken, (0, WINDOW - len(spoken)))


def logits(model: Model, *windows: np.ndarray) -> np.ndarray:
    """Logits divided by the temperature: differences of what probabilities are made of."""
    pieces = np.stack(windows).reshape(len(windows), -1, PIECE)
    scaled: np.ndarray = model.run({"samples": pieces})["logits"]
    return scaled / model.card.calibration.temperature


def test_the_graph_is_the_one_on_the_card(model: Model) -> None:
    assert model.verify() <= model.card.parity_tolerance
    assert model.card.labels == LABELS
    assert not model.card.commercial_use


@pytest.mark.parametrize("decibels", [-24, -12, 12])
def test_the_level_does_not_matter(model: Model, speech: np.ndarray, decibels: int) -> None:
    louder = speech * np.float32(10 ** (decibels / 20))
    # Another rounding of a sum moves an eight-bit value by a step, and what follows by a little.
    np.testing.assert_allclose(logits(model, louder), logits(model, speech), atol=0.05)


def test_neighbours_in_a_batch_do_not_matter(model: Model, speech: np.ndarray) -> None:
    noise = np.random.default_rng(0).normal(0, 0.5, WINDOW).astype(np.float32)
    alone = logits(model, speech)[0]
    for position in range(2):
        batch = [noise, noise, noise]
        batch[position] = speech
        np.testing.assert_allclose(logits(model, *batch)[position], alone, atol=1e-3)


def test_a_short_utterance_scores_as_it_would_in_a_long_window(
    model: Model, speech: np.ndarray
) -> None:
    for size in range(LENGTHS, WINDOW, LENGTHS):
        spoken = speech[:size]
        padded = np.pad(spoken, (0, WINDOW - size))
        np.testing.assert_allclose(logits(model, spoken), logits(model, padded), atol=0.01)


@pytest.mark.parametrize("samples", [0, 160, 8_000, WINDOW])
def test_every_length_has_finite_logits(model: Model, speech: np.ndarray, samples: int) -> None:
    window = np.where(np.arange(WINDOW) < samples, np.resize(speech[:32_000], WINDOW), 0.0)
    result = logits(model, window.astype(np.float32))
    assert result.shape == (1, CLASSES)
    assert np.isfinite(result).all()


@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0, 2.0])
def test_little_speech_is_less_sure_by_the_rate_in_the_graph(
    model: Model, speech: np.ndarray, seconds: float
) -> None:
    window = np.where(np.arange(WINDOW) < seconds * SAMPLE_RATE, speech, 0.0)
    pieces = window.astype(np.float32).reshape(1, -1, PIECE)
    as_sure_as_ever, less_sure = (
        ChangedSession(model.card, {"brevity.rate": np.array([rate], np.float32)}).run(
            {"samples": pieces}
        )["logits"]
        for rate in (0.0, 0.5)
    )
    counted = max(pieces.any(axis=2).sum() * PIECE / SAMPLE_RATE, 0.5)
    factor = np.exp(0.5 * (1 / counted - 1 / 2.5))
    np.testing.assert_allclose(less_sure * factor, as_sure_as_ever, rtol=1e-4, atol=1e-4)


def test_each_bucket_is_warmed(model: Model) -> None:
    model.warm_up()
