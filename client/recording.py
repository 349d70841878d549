"""Plays a recording into a session, as a camera and a microphone would send it.

Needs PyAV (``esapr-client[media]``). A server takes nothing from the future of its session clock,
so that a recording lasts as long as it is; use several sessions at a time to be faster.
"""

import asyncio
from collections.abc import Container, Iterator
from fractions import Fraction
from os import PathLike

import av

from esapr.client.session import Session
from esapr.protocol.binary import Kind, Media

RATE = 16_000
"""Sample rate in Hz in which sound is sent."""

PIECE_SAMPLES = 3_200
WIDTH, HEIGHT = 320, 240
"""Pictures are sent no larger: the server scales them down to this."""


async def play(session: Session, path: str | PathLike[str]) -> None:
    """Send the pictures and the sound of a file that FFmpeg reads, in real time.

    Raises:
        OSError: the file cannot be opened, or av.FFmpegError: not be read.
        EsaprError: the session has ended.
    """
    created = session.created
    wanted = created.config.modalities
    start = session.t_ms
    media = read(path, created.limits.images_per_second, wanted)
    while piece := await asyncio.to_thread(next, media, None):
        length = 0.0
        if piece.kind is Kind.PCM:
            length = 1000 * len(piece.payload) / 2 / piece.rate
        at = start + piece.captured_ms
        await asyncio.sleep((at + length - session.t_ms) / 1000)
        if piece.kind is Kind.PCM:
            await session.send_audio(piece.payload, piece.rate, at_ms=at)
        else:
            await session.send_image(piece.payload, at_ms=at)


def read(
    path: str | PathLike[str], images_per_second: float, wanted: Container[str]
) -> Iterator[Media]:
    """Yield JPEGs (for ``face``) and PCM (for ``voice``) with their times since the file's start.

    Raises:
        OSError, av.FFmpegError: as :func:`play`.
    """
    with av.open(str(path)) as container:
        video = container.streams.video[:1] if "face" in wanted else []
        audio = container.streams.audio[:1] if "voice" in wanted else []
        sound = _Sound()
        next_image = 0.0
        for packet in container.demux(*video, *audio) if video or audio else ():
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    yield from sound.pieces(frame)
                elif isinstance(frame, av.VideoFrame) and (frame.time or 0.0) >= next_image:
                    at = frame.time or 0.0
                    next_image = at + 1 / images_per_second
                    yield Media(Kind.IMAGE, int(at * 1000), jpeg(frame))


class _Sound:
    """Cuts a track into pieces of 200 ms; its time is counted in samples."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler("s16", "mono", RATE, frame_size=PIECE_SAMPLES)
        self._samples: int | None = None

    def pieces(self, frame: av.AudioFrame) -> Iterator[Media]:
        if self._samples is None:
            self._samples = int((frame.time or 0.0) * RATE)
        frame.pts = None
        for piece in self._resampler.resample(frame):
            at = 1000 * self._samples // RATE
            self._samples += piece.samples
            yield Media(Kind.PCM, at, bytes(piece.planes[0])[: 2 * piece.samples], RATE)


def jpeg(frame: av.VideoFrame) -> bytes:
    """Return a picture as JPEG, scaled down to what the server looks at."""
    scale = min(1.0, WIDTH / frame.width, HEIGHT / frame.height)
    width, height = (max(16, round(side * scale)) for side in (frame.width, frame.height))
    small = frame.reformat(width, height, "yuvj420p")
    small.pts = 0
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 1000)
    return b"".join(bytes(packet) for packet in [*encoder.encode(small), *encoder.encode(None)])
