"""Loudness and what is wrong with the sound."""

import numpy as np
import pytest

from esapr.inference.signals import Quality
from esapr.inference.voice.quality import QUIETEST_DB, loudness_db, quality

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


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (TONE * 0.5, ()),
        (TONE * 1e-4, (Quality.SILENT,)),
        (np.zeros(48_000, np.float32), (Quality.SILENT,)),
        (np.clip(TONE * 1.5, -1, 1), (Quality.CLIPPED,)),
    ],
)
def test_quality(samples: np.ndarray, expected: tuple[Quality, ...]) -> None:
    assert quality(samples) == expected
