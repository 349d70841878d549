"""A video track to pictures: drains every frame, converts those that are due."""

from collections.abc import AsyncIterator

import av
import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import VideoFrame
from esapr.server.media.clock import MediaClock
from esapr.server.media.sink import MediaSink

MAX_WIDTH = 320
MAX_HEIGHT = 240
"""Pictures are analysed at this size at most; the aspect ratio is kept."""


async def read_video(frames: AsyncIterator[av.VideoFrame], sink: MediaSink, fps: float) -> None:
    """Hand ``fps`` frames a second to ``sink``; returns when the track ends.

    All frames are taken from the track: aiortc's queues are unbounded.
    """
    clock = MediaClock()
    due = float("-inf")
    async for frame in frames:
        if frame.time is None:
            continue
        at = clock.capture_time(frame.time, sink.now())
        if at < due:
            continue
        # Keep the cadence, but do not try to catch up on frames that never came.
        due = max(due + 1 / fps, at)
        sink.put_frame(VideoFrame(at, to_rgb(frame)))


def to_rgb(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return the frame as uint8 RGB ``[height, width, 3]``, scaled down in the same step."""
    scale = min(1.0, MAX_WIDTH / frame.width, MAX_HEIGHT / frame.height)
    # libswscale wants even sizes for chroma-subsampled input.
    width, height = (max(2, round(side * scale) & ~1) for side in (frame.width, frame.height))
    # Left alone, libswscale starts a thread a core for each picture.
    rgb = frame.reformat(width=width, height=height, format="rgb24", threads=1).to_ndarray()
    return np.asarray(rgb, np.uint8)
