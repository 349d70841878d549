"""Pitch, pauses and syllables of sounds whose pitch, pauses and syllables are known."""

import numpy as np
import pytest

from esapr.inference.signals import Prosody
from esapr.inference.voice.activity import CHUNK, CHUNKS, find_speech
from esapr.inference.voice.prosody import prosody
from esapr.inference.voice.windows import WINDOW

SKIPPED = WINDOW - CHUNKS * CHUNK
SECONDS = np.arange(WINDOW) / 16_000


def of(samples: np.ndarray, *silent: tuple[int, int]) -> Prosody:
    """What is found in a window that is speech but for the chunks ``silent``."""
    probabilities = np.ones(CHUNKS, np.float32)
    for first, last in silent:
        probabilities[first:last] = 0
    speech = find_speech(probabilities)
    assert speech is not None
    return prosody(samples.astype(np.float32), speech)


def buzz(hertz: np.ndarray | float, partials: int = 12) -> np.ndarray:
    """A glottal buzz of that pitch, falling by 6 dB an octave."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hertz, WINDOW)) / 16_000
    return 0.1 * sum(np.sin(n * phase) / n for n in range(1, partials + 1))


@pytest.mark.parametrize("hertz", [82.0, 110.0, 196.0, 310.0, 450.0])
@pytest.mark.parametrize("noise", [1e-4, 0.01])
def test_the_pitch_of_a_voice(hertz: float, noise: float) -> None:
    hiss = np.random.default_rng(0).normal(0, noise, WINDOW)
    found = of(buzz(hertz) + hiss)
    assert found.pitch_hz == pytest.approx(hertz, rel=0.01)
    assert found.pitch_range_st == pytest.approx(0, abs=0.3)


def test_the_range_of_a_voice_that_glides_an_octave() -> None:
    found = of(buzz(120 * 2 ** (SECONDS / 3)))
    assert found.pitch_hz == pytest.approx(120 * 2**0.5, rel=0.02)
    assert found.pitch_range_st == pytest.approx(12 * 0.8, abs=0.3)


@pytest.mark.parametrize("level", [0, 0.1])
def test_a_whisper_has_no_pitch(level: float) -> None:
    found = of(np.random.default_rng(0).normal(0, level, WINDOW))
    assert (found.pitch_hz, found.pitch_range_st) == (None, None)
    assert found.syllables_per_second == 0


@pytest.mark.parametrize("rate", [2, 4, 6])
def test_syllables_are_peaks_of_a_voice(rate: int) -> None:
    swell = np.sin(np.pi * rate * SECONDS) ** 2 + 0.02
    assert of(buzz(150) * swell).syllables_per_second == pytest.approx(rate, abs=0.35)


def test_a_held_vowel_is_one_syllable() -> None:
    assert of(buzz(150)).syllables_per_second == pytest.approx(1 / 2.976, abs=0.01)


@pytest.mark.parametrize(
    ("silent", "pauses", "length"),
    [
        ((70, 80), 1, 320),
        ((70, 75), 0, 0),  # shorter than a pause
        ((40, 50), 0, 0),  # ended in an earlier second, which told of it
        ((80, CHUNKS), 0, 0),  # not over yet
        ((0, 80), 0, 0),  # nobody spoke before it
        ((20, 80), 1, 1920),
    ],
)
def test_a_pause_is_told_in_the_second_in_which_it_ends(
    silent: tuple[int, int], pauses: int, length: int
) -> None:
    found = of(buzz(150), silent)
    assert (found.pauses, found.pause_ms) == (pauses, length)


def test_speaking_is_the_share_of_the_last_second() -> None:
    assert of(buzz(150)).speaking == 1
    assert of(buzz(150), (78, CHUNKS)).speaking == pytest.approx(16 / 31)


def test_a_voice_of_a_few_milliseconds_has_neither() -> None:
    found = of(buzz(150), (0, 50), (52, CHUNKS))
    assert found.speaking == 0
