"""A video track to pictures: converts those that are due. No asyncio, no clock, no threads."""

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from esapr.inference.signals import VideoFrame
from esapr.server.media.clock import MediaClock

MAX_WIDTH = 320
MAX_HEIGHT = 240
"""Pictures are analysed at this size at most; the aspect ratio is kept."""


class Pictures:
    """The frames of one track that are analysed."""

    def __init__(self) -> None:
        """Begin with a frame that is due."""
        self._clock = MediaClock()
        self._taken = float("-inf")
        # Kept for the track: a new one would set up libswscale for each picture.
        self._reformatter = VideoReformatter()

    def take(self, frame: av.VideoFrame, arrived: float, fps: float) -> VideoFrame | None:
        """Return the picture of ``frame``, or None while none is due at ``fps`` a second.

        ``arrived`` is session time.

        Raises:
            av.FFmpegError: the frame cannot be converted.
        """
        if frame.time is None:
            return None
        at = self._clock.capture_time(frame.time, arrived)
        due = self._taken + 1 / fps
        if at < due:
            return None
        # Keep the cadence, but do not try to catch up on frames that never came.
        self._taken = due if at - due < 1 / fps else at
        return VideoFrame(at, self._rgb(frame))

    def _rgb(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """Return the frame as uint8 RGB ``[height, width, 3]``, scaled down in the same step."""
        scale = min(1.0, MAX_WIDTH / frame.width, MAX_HEIGHT / frame.height)
        # libswscale wants even sizes for chroma-subsampled input.
        width, height = (max(2, round(side * scale) & ~1) for side in (frame.width, frame.height))
        rgb = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format="rgb24",
            # Nearest to an exact reduction of what swscale offers, and cheaper than its default.
            interpolation=Interpolation.AREA,
            # Left alone, libswscale starts a thread a core for each picture.
            threads=1,
        )
        return np.asarray(rgb.to_ndarray(), np.uint8)
