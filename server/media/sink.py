"""Where media goes: what a session offers to the readers of its tracks."""

from typing import Protocol

from esapr.inference.signals import AudioWindow, Modality, VideoFrame


class MediaSink(Protocol):
    """Takes in what a peer sends; never blocks and never raises. Times are session time.

    Everything is called on the event loop, except ``now``, which any thread may call.
    """

    def now(self) -> float:
        """Return the session time in seconds."""

    def put_frame(self, frame: VideoFrame) -> None:
        """Take in a picture that is due for analysis."""

    def put_window(self, window: AudioWindow) -> None:
        """Take in a window of sound."""

    def put_message(self, data: str | bytes) -> None:
        """Take in a message from the peer's data channel."""

    def track_ended(self, modality: Modality) -> None:
        """Note that a track will bring nothing more."""
