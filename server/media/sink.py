"""Where media goes: what a session offers to the readers of its tracks."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import Modality, VideoFrame


class MediaSink(Protocol):
    """Takes in what a peer sends; never blocks and never raises. Times are session time."""

    def now(self) -> float:
        """Return the session time in seconds."""

    def put_frame(self, frame: VideoFrame) -> None:
        """Take in a picture that is due for analysis."""

    def put_samples(self, samples: NDArray[np.float32], at: float) -> None:
        """Take in 16 kHz mono samples, the first of which was captured at ``at``."""

    def put_message(self, data: str | bytes) -> None:
        """Take in a message from the peer's data channel."""

    def track_ended(self, modality: Modality) -> None:
        """Note that a track will bring nothing more."""
