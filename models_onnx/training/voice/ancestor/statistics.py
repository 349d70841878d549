"""What the ancestor's support-vector machine sees of a clip: statistics of short-term features.

The features are those of pyAudioAnalysis (Giannakopoulos 2015, doi 10.1371/journal.pone.0144610).
"""

from collections.abc import Callable

import librosa
import numpy as np
import scipy.stats
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE

Floats = NDArray[np.float32]

FRAME, HOP = 400, 160
"""25 ms every 10 ms."""

COEFFICIENTS = 12
BLOCKS = 10
ROLL_OFF = 0.9
_TINY = 1e-10

STATISTICS: tuple[Callable[[Floats], Floats], ...] = (
    lambda x: x.mean(axis=0),
    lambda x: x.std(axis=0),
    lambda x: np.median(x, axis=0),
    lambda x: scipy.stats.kurtosis(x, axis=0),
    lambda x: scipy.stats.skew(x, axis=0),
    lambda x: np.quantile(x, 0.01, axis=0),
    lambda x: np.quantile(x, 0.99, axis=0),
    lambda x: x.min(axis=0),
    lambda x: x.max(axis=0),
    lambda x: np.ptp(x, axis=0),
)
"""Mean, deviation, median, kurtosis, skewness, two quantiles, least, largest, range."""


def statistics(samples: Floats) -> Floats:
    """Return the statistics over time of every feature: float32 ``[200]``."""
    features = short_term(samples)
    # A feature that never changes has neither skewness nor kurtosis.
    rows = [np.nan_to_num(statistic(features)) for statistic in STATISTICS]
    return np.concatenate(rows).astype(np.float32)


def short_term(samples: Floats) -> Floats:
    """Return ``[T, 20]``: eight features and twelve MFCC of every 25 ms but the first."""
    frames = librosa.util.frame(samples, frame_length=FRAME, hop_length=HOP, axis=0)
    magnitudes = np.abs(np.fft.rfft(frames * np.hamming(FRAME), axis=1)) + _TINY
    shares = magnitudes / magnitudes.sum(axis=1, keepdims=True)
    hertz = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)
    centroid = shares @ hertz
    spread = np.sqrt(np.maximum(shares @ hertz**2 - centroid**2, 0.0))
    change = np.diff(shares, axis=0, prepend=shares[:1])
    power = magnitudes**2
    below = np.cumsum(power, axis=1) / power.sum(axis=1, keepdims=True)
    coefficients = librosa.feature.mfcc(
        S=librosa.power_to_db(librosa.feature.melspectrogram(S=power.T, sr=SAMPLE_RATE)),
        n_mfcc=COEFFICIENTS,
    )
    features = [
        (np.diff(np.signbit(frames), axis=1)).mean(axis=1),
        np.square(frames).mean(axis=1),
        entropy(np.square(frames)),
        centroid,
        spread,
        entropy(power),
        np.square(change).sum(axis=1),
        hertz[(below >= ROLL_OFF).argmax(axis=1)],
    ]
    # The first frame follows none: it has no flux.
    return np.column_stack([*features, coefficients.T])[1:].astype(np.float32)


def entropy(power: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return, in bits, how evenly each row's power is spread over ten blocks of it: 0 to 3.3."""
    size = power.shape[1] // BLOCKS
    blocks = power[:, : size * BLOCKS].reshape(len(power), BLOCKS, size).sum(axis=2) + _TINY
    shares = blocks / blocks.sum(axis=1, keepdims=True)
    return -np.sum(shares * np.log2(shares), axis=1)
