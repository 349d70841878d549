"""Decodes one track on the thread that aiortc gives it. No asyncio, no aiortc."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Event
from typing import Any, Protocol

import av

from esapr.server.media.whole_frames import Encoded


class Decoder(Protocol):
    """What is needed of aiortc's decoders."""

    def decode(self, encoded: Any) -> list[Any]:
        """Return the decoded frames that an encoded one brings about, seldom more than one."""


class Decoding(SimpleQueue[Any]):
    """The queue that aiortc fills with a track's encoded frames, and its decoder thread empties.

    Left alone, that thread makes an asyncio task of every decoded frame, most of which are not
    analysed. Here ``get``, which the thread calls, decodes whatever comes and gives the frames to
    a reader on that same thread; it returns None when the track has ended, and nothing before.
    Unbounded, as aiortc's own: decoding takes a fraction of the time that the frames last.
    """

    def __init__(
        self,
        decoder: Callable[[Any], Decoder],
        reader: Callable[[], Callable[[Any], None]],
        broken: Event,
    ) -> None:
        """Make a decoder and a reader a codec; ``broken`` has the sender asked for a key frame."""
        super().__init__()
        self._decoder_of = decoder
        self._reader_of = reader
        self._broken = broken
        self.taken = self.decoded = self.failed = 0
        """Encoded frames that were taken, frames they became, and those that were broken."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Take what aiortc hands over: one encoded frame, and those that came with it; or None."""
        super().put(item, block, timeout)
        if item is None:
            return
        codec, encoded = item
        if isinstance(encoded, Encoded):
            for frame in encoded.behind:
                frame.timestamp += encoded.timestamp
                super().put((codec, frame), block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> None:
        """Decode and read until the track ends; what that takes is freed on returning."""
        made: dict[str, tuple[Decoder, Callable[[Any], None]]] = {}
        while (waiting := super().get(block, timeout)) is not None:
            codec, encoded = waiting
            self.taken += 1
            if codec.name not in made:
                made[codec.name] = self._decoder_of(codec), self._reader_of()
            decoder, read = made[codec.name]
            try:
                for frame in decoder.decode(encoded):
                    self.decoded += 1
                    read(frame)
            except av.FFmpegError:
                self.failed += 1
                # The decoder is kept: a new one could not go on before the next key frame.
                self._broken.set()
