"""An audio track to windows of 16 kHz mono samples. No asyncio, no clock, no threads."""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE, AudioWindow
from esapr.inference.voice.windows import WindowBuffer
from esapr.server.media.clock import MediaClock

WINDOW_PHASE = 0.75
"""Voice windows end a quarter of a second before each full one: scored in time for its state."""

_FULL_SCALE = np.float32(32_768.0)


class Resampler:
    """Resamples one stream to 16 kHz mono; what a change of format leaves behind is dropped."""

    def __init__(self) -> None:
        """Expect frames of any format."""
        self._format: tuple[int, str, str] | None = None

    def samples(self, frame: av.AudioFrame) -> Iterator[NDArray[np.float32]]:
        """Yield what ``frame`` completes: float32 ``[N]`` in [-1, 1].

        Raises:
            av.FFmpegError: the frame cannot be resampled.
        """
        shape = (frame.sample_rate, frame.format.name, frame.layout.name)
        if shape != self._format:
            self._format, self._graph = shape, _graph(*shape)
        self._graph.push(frame)
        while True:
            try:
                resampled = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(resampled, av.AudioFrame)
            yield resampled.to_ndarray()[0] / _FULL_SCALE


class Sound:
    """The windows of one track; samples are float32 in [-1, 1]."""

    def __init__(self) -> None:
        """Begin with silence."""
        self._clock = MediaClock()
        self._resampler = Resampler()
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
        for samples in self._resampler.samples(frame):
            windows += self._buffer.push(samples, at).windows
            at += len(samples) / SAMPLE_RATE
        return windows

    def finish(self, at: float) -> list[AudioWindow]:
        """Return the window that was being filled when the sound ended at ``at``, with silence."""
        return list(self._buffer.push(np.zeros(SAMPLE_RATE, np.float32), at).windows)


def _graph(rate: int, sample_format: str, layout: str) -> Graph:
    """Return a graph that makes 16 kHz mono int16 of such frames.

    Of two equal channels its mean in integers is that channel; in floats it is louder by 3 dB.
    """
    graph = Graph()
    # av.AudioResampler is the same graph with a thread a core and one more.
    graph.threads = 1
    source = graph.add_abuffer(
        sample_rate=rate, format=sample_format, layout=layout, time_base=Fraction(1, rate)
    )
    mono = {"sample_rates": str(SAMPLE_RATE), "sample_fmts": "s16", "channel_layouts": "mono"}
    target = graph.add("aformat", **mono)
    sink = graph.add("abuffersink")
    source.link_to(target)
    target.link_to(sink)
    graph.configure()
    return graph
