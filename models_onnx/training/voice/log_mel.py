"""The constants of Whisper's log-mel spectrogram, which the graph computes as two products."""

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE

FRAME, HOP, MELS = 400, 160, 80


def mel_filters() -> NDArray[np.float32]:
    """Return Slaney's triangular filters ``[80, 201]``: linear below 1 kHz, logarithmic above.

    Source: Slaney (1998), Auditory Toolbox; area-normalised as Whisper expects.
    """
    step, knee, ratio = 200.0 / 3, 1000.0, np.log(6.4) / 27
    top = knee / step + np.log(SAMPLE_RATE / 2 / knee) / ratio
    mels = np.linspace(0.0, top, MELS + 2)
    linear = mels * step
    edges = np.where(linear < knee, linear, knee * np.exp(ratio * (mels - knee / step)))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, FRAME // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return (np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]).astype(np.float32)


def fourier_basis() -> NDArray[np.float32]:
    """Return the Hann-windowed DFT as kernels ``[402, 1, 400]``: real parts, then imaginary."""
    time = np.arange(FRAME)
    phase = 2 * np.pi * np.outer(np.arange(FRAME // 2 + 1), time) / FRAME
    window = 0.5 - 0.5 * np.cos(2 * np.pi * time / FRAME)
    basis = np.concatenate([np.cos(phase), -np.sin(phase)]) * window
    return basis[:, None, :].astype(np.float32)
