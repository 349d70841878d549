"""Sound that comes in messages to windows of 16 kHz mono samples."""

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import AudioWindow
from esapr.inference.voice.windows import WindowBuffer
from esapr.protocol.binary import Kind, Media
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.audio import WINDOW_PHASE, Resampler
from esapr.server.media.clock import MediaClock
from esapr.server.media.ogg import RATE, OggError, OggOpus, Page


@dataclass(frozen=True, slots=True)
class Piece:
    """Encoded sound, ``seconds`` long, the first sample of which was captured at ``at``."""

    at: float
    seconds: float
    encoded: bytes | Page


class SoundReader:
    """Reads the sound of one session: first what a message holds, then its windows."""

    def __init__(self) -> None:
        """Start without a stream."""
        self._ogg = OggOpus()
        self._clock = MediaClock()
        self._began_ms = 0
        """Capture time of the message in which the page began that is not complete yet."""
        self._decoder: av.AudioCodecContext | None = None
        self._head = b""
        self._resampler = Resampler()
        self._samples = 0
        self._buffer = WindowBuffer(phase=WINDOW_PHASE)

    def pieces(self, media: Media) -> list[Piece]:
        """Return what a message completes; nothing is decoded yet.

        PCM begins at the message's capture time. Ogg-Opus counts its own time, which is laid
        against the capture times of the messages in which its pages begin, as a track's is
        against arrivals.

        Raises:
            ProtocolError: ``media_invalid``.
        """
        if media.kind is Kind.PCM:
            seconds = len(media.payload) / 2 / media.rate
            return [Piece(media.captured_ms / 1000, seconds, media.payload)]
        began_ms = self._began_ms if self._ogg.holds else media.captured_ms
        cut = self._ogg.cut
        try:
            pages = self._ogg.feed(media.payload)
        except OggError as error:
            self._began_ms = media.captured_ms
            raise _invalid(str(error)) from error
        self._began_ms = began_ms if self._ogg.cut == cut else media.captured_ms
        if not pages:
            return []
        at = self._clock.capture_time(pages[0].start / RATE, began_ms / 1000)
        pieces = []
        for page in pages:
            pieces.append(Piece(at, page.samples / RATE, page))
            at += pieces[-1].seconds
        return pieces

    def windows(self, piece: Piece, rate: int) -> list[AudioWindow]:
        """Return the windows that a piece completes; ``rate`` is that of PCM, in Hz.

        Raises:
            ProtocolError: ``media_invalid``.
        """
        try:
            if isinstance(piece.encoded, bytes):
                frames = [_pcm_frame(piece.encoded, rate)]
            else:
                frames = self._decoded(piece.encoded)
            parts = [part for frame in frames for part in self._resampled(frame)]
        except av.FFmpegError as error:
            raise _invalid("the sound cannot be decoded") from error
        samples = np.concatenate([np.zeros(0, np.float32), *parts])
        return list(self._buffer.push(samples, piece.at).windows)

    def _decoded(self, page: Page) -> list[av.AudioFrame]:
        if self._decoder is None or page.head != self._head:
            decoder = av.CodecContext.create("opus", "r")
            assert isinstance(decoder, av.AudioCodecContext)
            decoder.extradata = page.head
            self._decoder, self._head = decoder, page.head
        return [
            frame for packet in page.packets for frame in self._decoder.decode(av.Packet(packet))
        ]

    def _resampled(self, frame: av.AudioFrame) -> list[NDArray[np.float32]]:
        # The graph wants time stamps; which ones does not matter to it.
        frame.pts, frame.time_base = self._samples, Fraction(1, frame.sample_rate)
        self._samples += frame.samples
        return list(self._resampler.samples(frame))


def _pcm_frame(data: bytes, rate: int) -> av.AudioFrame:
    samples = np.frombuffer(data, "<i2")[None]
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate = rate
    return frame


def _invalid(message: str) -> ProtocolError:
    return ProtocolError(ErrorCode.MEDIA_INVALID, message, "payload")
