"""What the codec of WebRTC leaves of a voice, and speech at another speed."""

import av
import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE

Samples = NDArray[np.float32]

_OUT_RATE = 48_000


def through_opus(samples: Samples, kilobits: float) -> Samples:
    """Return ``samples`` (16 kHz) after Opus (RFC 6716) at ``kilobits`` a second, 20 ms packets."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "mono", "s16"
    encoder.bit_rate = int(kilobits * 1000)
    encoder.options = {"application": "voip"}
    encoder.open()
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = _OUT_RATE, "mono"
    # One packet more: the codec's own delay.
    size = encoder.frame_size
    padded = np.pad(_sixteen_bits(samples), (0, size + -len(samples) % size))
    heard = []
    for start in range(0, len(padded), size):
        frame = _frame(padded[start : start + size], SAMPLE_RATE)
        for packet in encoder.encode(frame):
            heard += [decoded.to_ndarray()[0] for decoded in decoder.decode(packet)]
    return _resampled(np.concatenate(heard), _OUT_RATE)[: len(samples)]


def at_speed(samples: Samples, speed: float) -> Samples:
    """Return ``samples`` played ``speed`` times as fast: shorter and higher above one."""
    return _resampled(_sixteen_bits(samples), round(SAMPLE_RATE * speed))


def _resampled(samples: NDArray[np.int16], rate: int) -> Samples:
    """Return 16 kHz samples of ``samples``, which have ``rate``."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    frames = [*resampler.resample(_frame(samples, rate)), *resampler.resample(None)]
    joined = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return np.asarray(joined, np.float32) / np.float32(32768)


def _frame(samples: NDArray[np.int16], rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
    frame.sample_rate = rate
    return frame


def _sixteen_bits(samples: Samples) -> NDArray[np.int16]:
    return np.asarray(np.clip(np.round(samples * 32768), -32768, 32767), np.int16)
