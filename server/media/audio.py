"""An audio track to 16 kHz mono samples."""

from collections.abc import AsyncIterator

import av
import numpy as np

from esapr.inference.signals import SAMPLE_RATE
from esapr.server.media.clock import MediaClock
from esapr.server.media.sink import MediaSink

_FULL_SCALE = 32_768.0


async def read_audio(frames: AsyncIterator[av.AudioFrame], sink: MediaSink) -> None:
    """Hand every frame to ``sink`` as float32 in [-1, 1]; returns when the track ends."""
    clock = MediaClock()
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    async for frame in frames:
        if frame.time is None:
            continue
        at = clock.capture_time(frame.time, sink.now())
        for resampled in resampler.resample(frame):
            samples = resampled.to_ndarray().reshape(-1).astype(np.float32) / _FULL_SCALE
            sink.put_samples(samples, at)
