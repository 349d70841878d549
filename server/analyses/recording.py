"""Recorded pictures and sound, read a stretch at a time. No asyncio, no clock; blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import av
import numpy as np
from av.stream import Disposition

from esapr.inference.signals import AudioWindow, VideoFrame
from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.analyses.formats import FileFormat
from esapr.server.media.audio import Sound
from esapr.server.media.picture import decode_picture
from esapr.server.media.video import Pictures

Source = Path | bytes
Seen = TypeVar("Seen", VideoFrame, AudioWindow)
Decoded = TypeVar("Decoded", av.VideoFrame, av.AudioFrame)

STILL_SECONDS = 1.0
"""How long a single picture is shown: a face is searched for twice, and there is one state."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a stretch shows. ``end`` is the recording's, in seconds, once that is known."""

    frames: tuple[VideoFrame, ...] = ()
    windows: tuple[AudioWindow, ...] = ()
    end: float | None = None


class Footage(Protocol):
    """What is analysed."""

    @property
    def fraction(self) -> float:
        """How much of it was read, from 0 to 1: never less than before."""

    @property
    def damaged(self) -> int:
        """Packets so far that could not be decoded."""

    def until(self, end: float) -> Stretch:
        """Return what was not yet returned of the time before ``end`` (seconds).

        Raises:
            ProtocolError: ``media_invalid``, or ``recording_too_long``.
        """


class Still:
    """One picture, shown for a second."""

    fraction = 1.0
    damaged = 0

    def __init__(self, data: bytes, fps: float) -> None:
        """Decode a picture.

        Raises:
            ProtocolError: ``media_invalid``.
        """
        try:
            rgb = decode_picture(data)
        except ProtocolError as error:
            raise _invalid(error.message) from error
        times = (number / fps for number in range(round(fps * STILL_SECONDS)))
        self._frames = [VideoFrame(at, rgb) for at in times]

    def until(self, end: float) -> Stretch:
        """Return the pictures before ``end``."""
        frames = tuple(frame for frame in self._frames if frame.at < end)
        del self._frames[: len(frames)]
        return Stretch(frames, end=STILL_SECONDS)


class Recording:
    """A sound or video file.

    Each track is read through a container of its own, so that memory holds one stretch however
    the tracks are interleaved.
    """

    def __init__(self, source: Source, form: FileFormat, *, fps: float, longest: float) -> None:
        """Open the first picture track, covers aside, and the first sound track.

        Raises:
            ProtocolError: ``media_invalid`` or ``recording_too_long``.
        """
        self._longest = longest
        self._tracks: list[_Track] = []
        self._over = False
        container = _opened(source, form)
        self._seconds = container.duration / av.time_base if container.duration else 0.0
        self._check_length(self._seconds)
        self._bytes = container.size
        origin = (container.start_time or 0) / av.time_base
        cover = Disposition.attached_pic
        pictures = [s.index for s in container.streams.video if not s.disposition & cover]
        sounds = [s.index for s in container.streams.audio]
        if not pictures and not sounds:
            raise _invalid("the file has neither picture nor sound")
        self._pictures = self._sound = None
        if pictures:
            track = self._track(source, form, pictures[0], origin)
            self._pictures = _Ahead(_pictures(track, fps))
        if sounds:
            self._sound = _Ahead(_windows(self._track(source, form, sounds[0], origin)))

    @property
    def damaged(self) -> int:
        """Packets so far that could not be decoded."""
        return sum(track.damaged for track in self._tracks)

    @property
    def fraction(self) -> float:
        """How much was read: by time, or by bytes where the file does not say how long it is."""
        if self._over:
            return 1.0
        if self._seconds:
            read = max(track.end for track in self._tracks) / self._seconds
        else:
            read = max(track.position for track in self._tracks) / max(self._bytes, 1)
        return min(read, 1.0)

    def until(self, end: float) -> Stretch:
        """Return the pictures taken and the windows that ended before ``end``."""
        frames = self._pictures.until(end) if self._pictures else ()
        windows = self._sound.until(end) if self._sound else ()
        read = max(track.end for track in self._tracks)
        self._check_length(read)
        self._over = all(track.over for track in self._tracks)
        if self._over and read == 0.0:
            raise _invalid("nothing in the file can be decoded")
        return Stretch(frames, windows, read if self._over else None)

    def _track(self, source: Source, form: FileFormat, index: int, origin: float) -> "_Track":
        track = _Track(_opened(source, form), index, origin)
        self._tracks.append(track)
        return track

    def _check_length(self, seconds: float) -> None:
        if seconds > self._longest:
            raise ProtocolError(
                ErrorCode.RECORDING_TOO_LONG,
                f"at most {self._longest:.0f} s, it is {seconds:.0f} s long",
            )


class _Track:
    """The decoded frames of one stream.

    ``end`` is how far they reach in seconds, ``position`` in bytes of the file.
    """

    def __init__(self, container: av.container.InputContainer, index: int, origin: float) -> None:
        self.damaged = 0
        self.over = False
        self.end = 0.0
        self.position = 0
        self._container = container
        self._stream = container.streams[index]
        self._origin = origin

    def frames(self, kind: type[Decoded]) -> Iterator[tuple[Decoded, float]]:
        """Yield each frame and its time, those that cannot be decoded left out."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
                self.position = max(self.position, packet.pos or 0)
                decoded = packet.decode()
            except StopIteration:
                self.over = True
                return
            except av.FFmpegError:
                # Behind a damaged packet the decoder goes on. Nothing comes behind a damaged end.
                self.damaged += 1
                continue
            for frame in decoded:
                if isinstance(frame, kind) and frame.time is not None:
                    at = frame.time - self._origin
                    self.end = max(self.end, at + _seconds(frame))
                    yield frame, at


def _seconds(frame: av.VideoFrame | av.AudioFrame) -> float:
    if isinstance(frame, av.AudioFrame):
        return frame.samples / frame.sample_rate
    return float(frame.duration * frame.time_base) if frame.time_base else 0.0


class _Ahead(Generic[Seen]):
    """Items of an iterator by their time; looks one item ahead."""

    def __init__(self, items: Iterator[Seen]) -> None:
        self._items: Iterator[Seen] = items
        self._next: Seen | None = None
        self._left = True

    def until(self, end: float) -> tuple[Seen, ...]:
        """Return the items before ``end``."""
        taken: list[Seen] = []
        while self._left:
            if self._next is None:
                self._next = next(self._items, None)
                self._left = self._next is not None
            elif self._next.at >= end:
                break
            else:
                taken.append(self._next)
                self._next = None
        return tuple(taken)


def _opened(source: Source, form: FileFormat) -> av.container.InputContainer:
    """Open a container by its own demuxer only: playlists and the like would open other files."""
    file = BytesIO(source) if isinstance(source, bytes) else f"file:{source}"
    options = {"format_whitelist": form.demuxer, "protocol_whitelist": "file"}
    try:
        container = av.open(file, "r", options=options, metadata_errors="ignore")
    except av.FFmpegError as error:
        if isinstance(error, av.FileNotFoundError | av.PermissionError | av.IsADirectoryError):
            raise
        raise _invalid(f"it is not {form.name}, or damaged") from error
    for stream in (*container.streams.video, *container.streams.audio):
        # The cores belong to the models.
        stream.codec_context.thread_count = 1
    for stream in container.streams.video:
        stream.codec_context.options = {"max_pixels": str(limits.MAX_IMAGE_PIXELS)}
    return container


def _pictures(track: _Track, fps: float) -> Iterator[VideoFrame]:
    pictures = Pictures()
    for frame, at in track.frames(av.VideoFrame):
        picture = pictures.take(frame, at, fps)
        if picture is not None:
            # Telephones store what they record upright on its side.
            upright = np.ascontiguousarray(np.rot90(picture.rgb, frame.rotation // 90))
            yield VideoFrame(picture.at, upright)


def _windows(track: _Track) -> Iterator[AudioWindow]:
    sound = Sound()
    for frame, at in track.frames(av.AudioFrame):
        yield from sound.take(frame, at)
    yield from sound.finish(track.end)


def _invalid(message: str) -> ProtocolError:
    return ProtocolError(ErrorCode.MEDIA_INVALID, message)
