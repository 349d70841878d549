"""Windows for parity cases: made up, because no recording that may be shipped is at hand here."""

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE
from esapr.models_onnx.evaluation.spoken_views import add_noise

SAMPLES = 3 * SAMPLE_RATE


def windows() -> NDArray[np.float32]:
    """Return ``[2, 48000]``: a gliding buzz in bursts behind zeros, and quiet pink noise."""
    random = np.random.default_rng(0)
    time = np.arange(SAMPLES) / SAMPLE_RATE
    pitch = 140 + 40 * np.sin(2 * np.pi * 0.7 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    # Partials that fall by 9 dB an octave, with a second formant near 1.2 kHz.
    partials = np.arange(1, 25)
    gains = partials**-1.5 + 0.1 * np.exp(-(((partials * 140 - 1200) / 300) ** 2))
    buzz = (np.sin(np.outer(phase, partials)) @ gains) * np.maximum(np.sin(9 * time), 0.0)
    buzz = add_noise((0.1 * buzz).astype(np.float32), 25.0, -1.0, random)
    buzz[: SAMPLES // 4] = 0.0
    hum = add_noise(np.full(SAMPLES, 1e-3, np.float32), 0.0, -1.0, random)
    # Half precision halves the stored case; both sides are given exactly these numbers.
    return np.stack([buzz, hum]).astype(np.float16).astype(np.float32)
