"""How loud a window is and what is wrong with its sound."""

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import Quality

QUIETEST_DB = -100.0
"""Floor of every loudness; digital silence is here."""

SILENT_DB = -70.0
"""Below this no one speaks into a working microphone: RAVDESS at its quietest is at -63."""

CLIPPED_AT, CLIPPED_SHARE = 0.99, 0.001
"""Sound is clipped when this share of its samples reaches full scale: a few an utterance may."""


def loudness_db(samples: NDArray[np.float32]) -> float:
    """Return the RMS level in dB full scale, where a full-scale square wave is 0.

    Exact zeros (packets that were lost, the time before the stream) do not count.
    """
    heard = samples[samples != 0.0]
    if not len(heard):
        return QUIETEST_DB
    power = float(np.mean(np.square(heard, dtype=np.float64)))
    return max(10.0 * float(np.log10(power)), QUIETEST_DB)


def quality(samples: NDArray[np.float32]) -> tuple[Quality, ...]:
    """Return what lowers the worth of a window's score: silent or clipped."""
    if loudness_db(samples) < SILENT_DB:
        return (Quality.SILENT,)
    if np.mean(np.abs(samples) >= CLIPPED_AT) >= CLIPPED_SHARE:
        return (Quality.CLIPPED,)
    return ()
