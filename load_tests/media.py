"""Turn a clip into packets that can be sent as they are, once, before any peer plays it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from esapr.load_tests.encoders import AUDIO_RATE, VideoCodec, opus, video_encoder

VIDEO_RATE = 90_000
"""RTP clock rate of VP8 (RFC 7741, section 6) and H.264 (RFC 6184, section 8.1), in hertz."""

AUDIO_STEP = AUDIO_RATE // 50
# Picture times of WebM are rounded to milliseconds.
_ROUNDING = Fraction(2, 1000)


class ClipError(Exception):
    """The clip cannot be played: missing, unreadable, or without picture and sound."""


@dataclass(frozen=True, slots=True)
class EncodedTrack:
    """Pre-encoded packets of one track, each ``step`` ticks of ``rate`` hertz long.

    An empty one is not sent; its time passes all the same.
    """

    kind: Literal["audio", "video"]
    rate: int
    step: int
    packets: tuple[bytes, ...]

    @property
    def duration(self) -> Fraction:
        """Length in seconds."""
        return Fraction(len(self.packets) * self.step, self.rate)

    def packet(self, index: int) -> tuple[bytes, int]:
        """Return the ``index``-th packet of endless playing and its time in ticks.

        Times go on growing where the packets start over: to the receiver a looped clip is one
        long recording.
        """
        return self.packets[index % len(self.packets)], index * self.step


@dataclass(frozen=True, slots=True)
class EncodedClip:
    """Pictures of one ``codec`` and Opus sound; both tracks are equally long."""

    video: EncodedTrack | None
    audio: EncodedTrack | None
    codec: VideoCodec = "VP8"

    @property
    def tracks(self) -> tuple[EncodedTrack, ...]:
        """The tracks that the clip has: one or two."""
        return tuple(track for track in (self.video, self.audio) if track is not None)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.tracks[0].duration)


@dataclass(frozen=True, slots=True)
class Shape:
    """What pictures are encoded to: their size in pixels and how many a second."""

    codec: VideoCodec
    width: int
    height: int
    fps: int


def encode_clip(
    path: Path,
    *,
    width: int = 640,
    height: int = 480,
    fps: int = 15,
    codec: VideoCodec = "VP8",
    longest: float = 60.0,
) -> EncodedClip:
    """Read a video or sound file as packets for WebRTC.

    The picture is letterboxed to ``width`` x ``height`` at ``fps``; what lies after ``longest``
    seconds is cut off. A VP8 + Opus file that already has this shape is taken as it is. Both
    tracks are taken to start together; the shorter one is filled up with its last picture or
    with silence, so that a loop has no gap.

    Raises:
        ClipError: the file is missing or unreadable, or holds neither picture nor sound.
        ValueError: ``fps`` does not divide the RTP clock rate.
    """
    if VIDEO_RATE % fps:
        raise ValueError(f"fps must divide {VIDEO_RATE}, got {fps}")
    try:
        if codec == "VP8":
            with av.open(str(path)) as container:
                ready = _ready_packets(container, width, height, fps, longest)
            if ready is not None:
                return ready
        with av.open(str(path)) as container:
            return _encode(container, Shape(codec, width, height, fps), longest)
    except (OSError, av.FFmpegError) as error:
        raise ClipError(f"{path}: {error.strerror or error}") from error


def _video_track(packets: list[bytes], fps: int) -> EncodedTrack:
    return EncodedTrack("video", VIDEO_RATE, VIDEO_RATE // fps, tuple(packets))


def _audio_track(packets: list[bytes]) -> EncodedTrack:
    return EncodedTrack("audio", AUDIO_RATE, AUDIO_STEP, tuple(packets))


def _ready_packets(
    container: InputContainer, width: int, height: int, fps: int, longest: float
) -> EncodedClip | None:
    """Take VP8 + Opus packets over as they are, or return ``None`` if they need encoding."""
    if not (container.streams.video and container.streams.audio):
        return None
    video, audio = container.streams.video[0], container.streams.audio[0]
    shape = (video.codec_context.name, video.width, video.height, audio.codec_context.name)
    if shape != ("vp8", width, height, "opus"):
        return None
    starts: dict[int, Fraction] = {}
    packets: dict[int, list[bytes]] = {video.index: [], audio.index: []}
    steps = {video.index: Fraction(1, fps), audio.index: Fraction(AUDIO_STEP, AUDIO_RATE)}
    keys: list[int] = []
    for packet in container.demux(video, audio):
        if packet.pts is None or packet.time_base is None:
            continue  # the flush packets at the end
        which = packet.stream_index
        start = starts.setdefault(which, packet.pts * packet.time_base)
        due = start + len(packets[which]) * steps[which]
        if abs(packet.pts * packet.time_base - due) > _ROUNDING:
            return None
        if which == video.index and packet.is_keyframe:
            keys.append(len(packets[which]))
        packets[which].append(bytes(packet))
    clip = EncodedClip(_video_track(packets[video.index], fps), _audio_track(packets[audio.index]))
    return clip if _playable(clip, keys, fps, longest) else None


def _playable(clip: EncodedClip, keys: list[int], fps: int, longest: float) -> bool:
    """Whether both tracks end together, soon enough, with a key frame at least each second."""
    lengths = {track.duration for track in clip.tracks}
    if len(lengths) > 1 or not 0 < clip.duration <= longest or keys[:1] != [0]:
        return False
    return all(later - earlier <= fps for earlier, later in pairwise(keys))


def _encode(container: InputContainer, shape: Shape, longest: float) -> EncodedClip:
    fps = shape.fps
    pictures = _Pictures(container, shape) if container.streams.video else None
    sound = _Sound() if container.streams.audio else None
    if pictures is None and sound is None:
        raise ClipError(f"{container.name}: neither picture nor sound")
    _decode(container, pictures, sound, longest)
    # The smallest time that holds whole pictures and whole sound packets alike.
    beats = math.gcd(fps, AUDIO_RATE // AUDIO_STEP)
    heard = (pictures.seconds if pictures else Fraction(0), sound.seconds if sound else Fraction(0))
    length = Fraction(math.ceil(min(max(heard), Fraction(longest)) * beats), beats)
    if not length:
        raise ClipError(f"{container.name}: nothing in it can be decoded")
    return EncodedClip(
        _video_track(pictures.finish(length), fps) if pictures and pictures.seconds else None,
        _audio_track(opus(sound.finish(length))) if sound and sound.seconds else None,
        shape.codec,
    )


def _decode(
    container: InputContainer,
    pictures: "_Pictures | None",
    sound: "_Sound | None",
    longest: float,
) -> None:
    chosen = [*container.streams.video[:1], *container.streams.audio[:1]]
    tracks = [track for track in (pictures, sound) if track is not None]
    for packet in container.demux(chosen):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue  # one broken packet: the decoder goes on at the next key frame
        for frame in frames:
            if isinstance(frame, av.VideoFrame) and pictures is not None:
                pictures.add(frame)
            elif isinstance(frame, av.AudioFrame) and sound is not None:
                sound.add(frame)
        if all(track.seconds > longest for track in tracks):
            return


class _Pictures:
    """Letterboxes pictures to one size and rate and encodes them."""

    def __init__(self, container: InputContainer, shape: Shape) -> None:
        self._fps = shape.fps
        self._packets: list[bytes] = []
        self._last: av.VideoFrame | None = None
        self._graph = av.filter.Graph()
        steps = [self._graph.add_buffer(template=container.streams.video[0])]
        size = f"w={shape.width}:h={shape.height}"
        steps.append(self._graph.add("fps", str(shape.fps)))
        steps.append(self._graph.add("scale", f"{size}:force_original_aspect_ratio=decrease"))
        steps.append(self._graph.add("pad", f"{size}:x=-1:y=-1"))
        steps.append(self._graph.add("format", "yuv420p"))
        steps.append(self._graph.add("buffersink"))
        for one, other in pairwise(steps):
            one.link_to(other)
        self._graph.configure()
        self._encoder = video_encoder(shape.codec, shape.width, shape.height, shape.fps)

    @property
    def seconds(self) -> Fraction:
        return Fraction(len(self._packets), self._fps)

    def add(self, frame: av.VideoFrame) -> None:
        self._graph.vpush(frame)
        for scaled in self._scaled():
            self._put(scaled)

    def finish(self, length: Fraction) -> list[bytes]:
        """Return the packets of ``length`` seconds, holding the last picture up to there."""
        count = int(length * self._fps)
        while len(self._packets) < count and self._last is not None:
            self._put(self._last)
        return self._packets[:count]

    def _scaled(self) -> Iterator[av.VideoFrame]:
        while True:
            try:
                yield self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return

    def _put(self, frame: av.VideoFrame) -> None:
        frame.pts = len(self._packets)
        frame.time_base = Fraction(1, self._fps)
        self._last = frame
        self._packets += [bytes(packet) for packet in self._encoder.encode(frame)]


class _Sound:
    """Mixes sound down to 48 kHz mono."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=AUDIO_RATE)
        self._pieces: list[NDArray[np.int16]] = []
        self._samples = 0

    @property
    def seconds(self) -> Fraction:
        return Fraction(self._samples, AUDIO_RATE)

    def add(self, frame: av.AudioFrame | None) -> None:
        for piece in self._resampler.resample(frame):
            self._pieces.append(piece.to_ndarray()[0].astype(np.int16, copy=False))
            self._samples += piece.samples

    def finish(self, length: Fraction) -> NDArray[np.int16]:
        """Return exactly ``length`` seconds: int16 ``[samples]``."""
        self.add(None)
        whole = np.zeros(int(length * AUDIO_RATE), np.int16)
        heard = np.concatenate(self._pieces)[: len(whole)]
        whole[: len(heard)] = heard
        return whole
