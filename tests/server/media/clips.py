"""Clips made for tests."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SIDE = 240


def write_clip(
    path: Path, *, seconds: float, picture: NDArray[np.uint8], loudness: float = 0.0
) -> Path:
    """Write a clip that shows ``picture`` with noise of RMS ``loudness``; return its path."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        quick = {"deadline": "realtime", "cpu-used": "8"}
        video = container.add_stream("libvpx", rate=15, options=quick)
        video.thread_count = 1
        video.height, video.width = picture.shape[:2]
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("libopus", rate=48_000, layout="mono")
        for index in range(round(seconds * 15)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 15)
            container.mux(video.encode(frame))
        for index in range(round(seconds * 50)):
            noise = rng.normal(0, loudness * 32_767, 960).clip(-32_768, 32_767).astype(np.int16)
            samples = av.AudioFrame.from_ndarray(noise[None], format="s16", layout="mono")
            samples.sample_rate, samples.pts = 48_000, index * 960
            samples.time_base = Fraction(1, 48_000)
            container.mux(audio.encode(samples))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def empty_room() -> NDArray[np.uint8]:
    """Return a picture without a face: a bright gradient."""
    ramp = np.linspace(60, 200, SIDE, dtype=np.uint8)
    return np.repeat(np.tile(ramp, (SIDE, 1))[..., None], 3, axis=2)
