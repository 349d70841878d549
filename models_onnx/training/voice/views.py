"""What a clip sounds like in use: cut short, in noise, in a room.

Level is no view: the graph brings every window to one level.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from esapr.inference.signals import SAMPLE_RATE

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """One way to change a clip; a range is drawn from uniformly.

    ``seconds`` is the window's length, ``noise_db`` the signal-to-noise ratio, ``slope`` the
    exponent of the noise's power spectrum (0 white, -1 pink, -2 brown), ``decay`` the time in
    which the room's sound falls by 60 dB.
    """

    name: str
    seconds: tuple[float, float] | None = None
    noise_db: tuple[float, float] | None = None
    slope: tuple[float, float] = (-2.0, 0.0)
    decay: tuple[float, float] | None = None


WHOLE = View("whole")
SHORT = View("window_1_5_s", seconds=(1.5, 1.5))
SHORTEST = View("window_1_0_s", seconds=(1.0, 1.0))
NOISY = View("pink_noise_15_db", noise_db=(15.0, 15.0), slope=(-1.0, -1.0))
LIVE = View("live", seconds=(1.0, 2.5), noise_db=(8.0, 30.0), decay=(0.15, 0.7))

# TESS is another corpus to test on; its two speakers in training changed nothing (see the card).
VIEWS: dict[str, tuple[View, ...]] = {
    "ravdess": (
        WHOLE,
        SHORT,
        SHORTEST,
        NOISY,
        View("window", seconds=(1.0, 2.5)),
        View("window_again", seconds=(1.0, 2.5)),
        View("noise", noise_db=(5.0, 25.0)),
        View("window_in_noise", seconds=(1.0, 2.5), noise_db=(5.0, 25.0)),
        View("room", decay=(0.15, 0.7)),
        LIVE,
    ),
    "tess": (WHOLE,),
}


def render(view: View, samples: Samples, random: np.random.Generator) -> Samples:
    """Return the clip as ``view`` says: room first, then the cut, then the noise."""
    if view.decay is not None:
        samples = _in_room(samples, random.uniform(*view.decay), random)
    if view.seconds is not None:
        samples = _cut(samples, random.uniform(*view.seconds), random)
    if view.noise_db is not None:
        ratio, slope = random.uniform(*view.noise_db), random.uniform(*view.slope)
        samples = add_noise(samples, ratio, slope, random)
    return samples


def add_noise(
    samples: Samples, ratio_db: float, slope: float, random: np.random.Generator
) -> Samples:
    """Return ``samples`` with coloured noise ``ratio_db`` below their mean power."""
    spectrum = np.fft.rfft(random.standard_normal(len(samples)))
    # Below 50 Hz speech has nothing to hide: noise there would count and not disturb.
    frequency = np.maximum(np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE), 50.0)
    noise = np.fft.irfft(spectrum * frequency ** (slope / 2), len(samples))
    power = np.mean(np.square(samples)) * 10 ** (-ratio_db / 10)
    noise *= np.sqrt(power / np.mean(np.square(noise)))
    return (samples + noise).astype(np.float32)


def _cut(samples: Samples, seconds: float, random: np.random.Generator) -> Samples:
    size = int(seconds * SAMPLE_RATE)
    start = int(random.integers(0, max(len(samples) - size, 0) + 1))
    return samples[start : start + size]


def _in_room(samples: Samples, decay: float, random: np.random.Generator) -> Samples:
    """Convolve with a direct sound and decaying noise (Polack's model of a diffuse room)."""
    time = np.arange(int(decay * SAMPLE_RATE)) / SAMPLE_RATE
    tail = random.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    ratio_db = random.uniform(0.0, 12.0)
    tail *= np.sqrt(10 ** (-ratio_db / 10) / np.sum(np.square(tail)))
    tail[0] = 1.0
    return fftconvolve(samples, tail)[: len(samples)].astype(np.float32)
