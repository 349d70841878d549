"""An audio track to windows of 16 kHz mono samples. No asyncio, no clock, no threads."""

import av
import numpy as np

from esapr.inference.signals import SAMPLE_RATE, AudioWindow
from esapr.inference.voice.windows import WindowBuffer
from esapr.server.media.clock import MediaClock

WINDOW_PHASE = 0.75
"""Voice windows end a quarter of a second before each full one: scored in time for its state."""

_FULL_SCALE = np.float32(32_768.0)


class Sound:
    """The windows of one track; samples are float32 in [-1, 1]."""

    def __init__(self) -> None:
        """Begin with silence."""
        self._clock = MediaClock()
        # Of two equal channels, libswresample's mean in integers is that channel; in floats it is
        # louder by 3 dB.
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        self._buffer = WindowBuffer(phase=WINDOW_PHASE)

    def take(self, frame: av.AudioFrame, arrived: float) -> list[AudioWindow]:
        """Return the windows that ``frame`` completes; ``arrived`` is session time.

        Raises:
            av.FFmpegError: the frame cannot be resampled.
        """
        if frame.time is None:
            return []
        at = self._clock.capture_time(frame.time, arrived)
        windows: list[AudioWindow] = []
        for resampled in self._resampler.resample(frame):
            samples = resampled.to_ndarray()[0] / _FULL_SCALE
            windows += self._buffer.push(samples, at).windows
            at += resampled.samples / SAMPLE_RATE
        return windows
