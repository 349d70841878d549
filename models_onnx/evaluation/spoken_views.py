"""What a clip sounds like in use: cut short, in noise, in a room, through another microphone."""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE
from esapr.models_onnx.evaluation.opus import at_speed, through_opus

Samples = NDArray[np.float32]

_OCTAVES = np.array([50, 100, 200, 400, 800, 1600, 3200, 6400], np.float64)


@dataclass(frozen=True)
class View:
    """One way to change a clip; a range is drawn from uniformly.

    ``seconds`` is the window's length, ``noise_db`` the signal-to-noise ratio, ``slope`` the
    exponent of the noise's power spectrum (0 white, -1 pink, -2 brown), ``decay`` the time in
    which the room's sound falls by 60 dB, ``response_db`` the standard deviation of the
    microphone's response from octave to octave, ``gain_db`` a change of level, ``speed`` above one
    is faster and higher, ``kilobits`` a second are Opus'.
    """

    name: str
    seconds: tuple[float, float] | None = None
    noise_db: tuple[float, float] | None = None
    slope: tuple[float, float] = (-2.0, 0.0)
    decay: tuple[float, float] | None = None
    response_db: float = 0.0
    gain_db: float = 0.0
    speed: tuple[float, float] | None = None
    kilobits: tuple[float, float] | None = None


WHOLE = View("whole")
SHORT = View("window_1_5_s", seconds=(1.5, 1.5))
SHORTEST = View("window_1_0_s", seconds=(1.0, 1.0))
NOISY = View("pink_noise_15_db", noise_db=(15.0, 15.0), slope=(-1.0, -1.0))
MICROPHONE = View("other_microphone", response_db=6.0)
CODED = View("opus_16_kbit_s", kilobits=(16.0, 16.0))
LIVE = View("live", seconds=(1.0, 2.5), noise_db=(8.0, 30.0), decay=(0.15, 0.7), response_db=6.0)


def render(view: View, samples: Samples, name: str) -> Samples:
    """Return a clip as ``view`` says: room, microphone, speed, cut, noise, codec, level.

    What is random depends on the clip's ``name`` and the view's alone.
    """
    random = np.random.default_rng(zlib.crc32(f"{name} {view.name}".encode()))
    if view.decay is not None:
        samples = _in_room(samples, random.uniform(*view.decay), random)
    if view.response_db:
        samples = _through_microphone(samples, view.response_db, random)
    if view.speed is not None:
        samples = at_speed(samples, random.uniform(*view.speed))
    if view.seconds is not None:
        samples = _cut(samples, random.uniform(*view.seconds), random)
    if view.noise_db is not None:
        ratio, slope = random.uniform(*view.noise_db), random.uniform(*view.slope)
        samples = add_noise(samples, ratio, slope, random)
    if view.kilobits is not None:
        samples = through_opus(samples, random.uniform(*view.kilobits))
    return samples * np.float32(10 ** (view.gain_db / 20))


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
    size = len(samples) + len(tail)
    heard = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)
    return heard[: len(samples)].astype(np.float32)


def _through_microphone(samples: Samples, spread_db: float, random: np.random.Generator) -> Samples:
    """Shape the spectrum: a smooth random response and, half of the time each, a band's end."""
    frequency = np.maximum(np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE), _OCTAVES[0])
    response = random.normal(0.0, spread_db, len(_OCTAVES))
    gain_db = np.interp(np.log(frequency), np.log(_OCTAVES), response)
    if random.random() < 0.5:
        gain_db -= 48 * np.maximum(np.log2(frequency / random.uniform(3000, 7500)), 0.0)
    if random.random() < 0.5:
        gain_db -= 12 * np.maximum(np.log2(random.uniform(80, 300) / frequency), 0.0)
    shaped = np.fft.rfft(samples) * 10 ** (gain_db / 20)
    return np.fft.irfft(shaped, len(samples)).astype(np.float32)
