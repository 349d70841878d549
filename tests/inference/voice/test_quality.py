"""Loudness and what is wrong with the sound."""

import numpy as np
import pytest

from esapr.inference.signals import Quality
from esapr.inference.voice.activity import CHUNKS, Speech
from esapr.inference.voice.quality import (
    QUIETEST_DB,
    coverage_of,
    is_silent,
    loudness_db,
    quality,
    usable,
)

TONE = np.sin(np.arange(48_000) * 0.1).astype(np.float32)


def test_loudness_is_the_rms_level() -> None:
    assert loudness_db(np.ones(100, np.float32)) == pytest.approx(0.0)
    assert loudness_db(TONE * 0.1) == pytest.approx(-23.0, abs=0.05)


def test_missing_samples_do_not_lower_the_loudness() -> None:
    padded = np.concatenate([np.zeros(48_000, np.float32), TONE * 0.1])
    assert loudness_db(padded) == pytest.approx(loudness_db(TONE * 0.1), abs=0.01)


def test_digital_silence_has_the_lowest_loudness() -> None:
    assert loudness_db(np.zeros(100, np.float32)) == QUIETEST_DB
    assert loudness_db(np.full(100, 1e-9, np.float32)) == QUIETEST_DB


@pytest.mark.parametrize(("gain", "silent"), [(0.5, False), (1e-3, False), (1e-4, True), (0, True)])
def test_a_microphone_that_is_off_is_silent(gain: float, silent: bool) -> None:
    assert is_silent(TONE * np.float32(gain)) is silent


def bursts(gain: float, noise: float = 1e-4) -> np.ndarray:
    """Tone in bursts, as loud and as quiet as the vowels and the stops of speech."""
    open_half = np.sin(np.arange(48_000) * 0.0005) > 0
    hiss = np.random.default_rng(0).normal(0, noise, 48_000)
    return (TONE * gain * open_half + hiss).astype(np.float32)


WHOLE = Speech(0, 48_000, 2_976, 992, np.ones(CHUNKS, np.bool_))


@pytest.mark.parametrize(
    ("samples", "found", "worth"),
    [
        (bursts(0.3), (), True),
        (np.clip(bursts(1.05), -1, 1), (Quality.CLIPPED,), True),
        (np.clip(bursts(20.0), -1, 1), (Quality.CLIPPED,), False),
        (bursts(1e-3, 1e-6), (Quality.QUIET,), False),
        (bursts(0.3, 0.08), (Quality.NOISY,), True),
        (bursts(0.3, 0.2), (Quality.NOISY,), False),
        # Packets that were lost make no window noisy, nor a quiet one loud.
        (np.where(np.arange(48_000) < 40_000, 0, bursts(0.3)).astype(np.float32), (), True),
    ],
)
def test_what_is_wrong_with_speech(
    samples: np.ndarray, found: tuple[Quality, ...], worth: bool
) -> None:
    assert quality(samples, WHOLE) == found
    assert usable(samples, found) is worth
    assert (coverage_of(found) == 1) is (found in {(), (Quality.QUIET,)})


@pytest.mark.parametrize(("level", "found"), [(1e-3, ()), (0.1, (Quality.NOISY,))])
def test_loud_sound_without_speech_is_music_or_noise(
    level: float, found: tuple[Quality, ...]
) -> None:
    assert quality(TONE * np.float32(level), None) == found
