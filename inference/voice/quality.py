"""How loud a window is, what is wrong with its sound, and what that costs the evidence.

The figures behind the thresholds are in docs/explanation/voice-signals.md: how often a window that
was spoiled on purpose keeps its first expression.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import Quality
from esapr.inference.voice.activity import CHUNK, CHUNKS, Speech

QUIETEST_DB = -100.0
"""Floor of every loudness; digital silence is here."""

SILENT_DB = -70.0
"""Below this no one speaks into a working microphone: RAVDESS at its quietest is at -63."""

QUIET_DB = -60.0
"""Speech below this is lost in part between the steps of 16 bits: voice activity misses a tenth of
such windows. RAVDESS' quietest speech is at -53."""

CLIPPED_AT, CLIPPED_SHARE = 0.99, 0.001
"""Sound is clipped when this share of its samples reaches full scale: a few an utterance may."""

TOO_CLIPPED_SHARE = 0.25
"""Clipped by 25 dB and more: what is left is next to a square wave."""

NOISY_DB, TOO_NOISY_DB = 13.0, 9.0
"""Range of loudness within a window, from its quiet moments to its loud ones. Speech has 37 dB and
more; noise and music fill its gaps: 11 dB are left at 5 dB of speech over noise, 8 dB at none."""

AUDIBLE_DB = -45.0
"""A window without speech whose usual loudness is above this holds music or noise."""

COVERAGE = {Quality.CLIPPED: 0.9, Quality.NOISY: 0.85}
"""How much of a good window's evidence is left: how often the first expression stays the same when
a window is so spoiled, above chance."""

_QUIET_SHARE, _LOUD_SHARE = 10, 95


def loudness_db(samples: NDArray[np.float32]) -> float:
    """Return the RMS level in dB full scale, where a full-scale square wave is 0.

    Exact zeros (packets that were lost, the time before the stream) do not count.
    """
    heard = samples[samples != 0.0]
    if not len(heard):
        return QUIETEST_DB
    power = float(np.mean(np.square(heard, dtype=np.float64)))
    return max(10.0 * float(np.log10(power)), QUIETEST_DB)


def is_silent(samples: NDArray[np.float32]) -> bool:
    """Return whether a window is too quiet to look for speech in it."""
    return loudness_db(samples) < SILENT_DB


def quality(samples: NDArray[np.float32], speech: Speech | None) -> tuple[Quality, ...]:
    """Return what lowers the worth of a window that is not silent.

    Args:
        samples: the window, float32 ``[48000]``.
        speech: the speech in it.
    """
    if speech is None:
        return (Quality.NOISY,) if _levels(samples, 50) > AUDIBLE_DB else ()
    found = {
        Quality.QUIET: loudness_db(samples[speech.begin : speech.end]) < QUIET_DB,
        Quality.CLIPPED: _clipped(samples) >= CLIPPED_SHARE,
        Quality.NOISY: _range_db(samples) < NOISY_DB,
    }
    return tuple(flag for flag, present in found.items() if present)


def usable(samples: NDArray[np.float32], found: Sequence[Quality]) -> bool:
    """Return whether a window with these defects is worth a score."""
    if Quality.QUIET in found:
        return False
    if Quality.CLIPPED in found and _clipped(samples) >= TOO_CLIPPED_SHARE:
        return False
    return Quality.NOISY not in found or _range_db(samples) >= TOO_NOISY_DB


def coverage_of(found: Sequence[Quality]) -> float:
    """Return how much evidence a window with these defects still is: 1 without any."""
    return math.prod(COVERAGE.get(flag, 1.0) for flag in found)


def _clipped(samples: NDArray[np.float32]) -> float:
    return float(np.mean(np.abs(samples) >= CLIPPED_AT))


def _range_db(samples: NDArray[np.float32]) -> float:
    return _levels(samples, _LOUD_SHARE) - _levels(samples, _QUIET_SHARE)


def _levels(samples: NDArray[np.float32], percentile: float) -> float:
    """Return a percentile of the loudness of a window's chunks, in dB; lost ones do not count."""
    power = np.square(samples[-CHUNKS * CHUNK :], dtype=np.float64).reshape(CHUNKS, CHUNK).mean(1)
    heard = power[power > 0.0]
    if not len(heard):
        return QUIETEST_DB
    return float(np.percentile(10.0 * np.log10(heard), percentile))
