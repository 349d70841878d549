from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.load_tests import PORTRAIT
from esapr.load_tests.encoders import AUDIO_RATE
from esapr.load_tests.media import ClipError, EncodedTrack, encode_clip


def write_video(
    path: Path, *, size: tuple[int, int], pictures: int, rate: int, sound: float = 0.0
) -> None:
    """Write a red clip, with ``sound`` seconds of a tone at 44.1 kHz."""
    red = np.zeros((size[1], size[0], 3), np.uint8)
    red[..., 0] = 255
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=rate) if pictures else None
        audio = container.add_stream("pcm_s16le", rate=44_100, layout="mono") if sound else None
        if video is not None:
            video.width, video.height, video.pix_fmt = *size, "yuv420p"
            for index in range(pictures):
                frame = av.VideoFrame.from_ndarray(red, format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, rate)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        if audio is not None:
            wave = np.sin(np.arange(int(sound * 44_100)) * 2 * np.pi * 440 / 44_100) * 9_000
            tone = av.AudioFrame.from_ndarray(
                wave.astype(np.int16)[None], format="s16", layout="mono"
            )
            tone.sample_rate, tone.pts = 44_100, 0
            container.mux(audio.encode(tone))
            container.mux(audio.encode(None))


def decoded(track: EncodedTrack, codec: str) -> list[np.ndarray]:
    decoder = av.CodecContext.create(codec, "r")
    return [
        frame.to_ndarray(format="rgb24") if isinstance(frame, av.VideoFrame) else frame.to_ndarray()
        for data in track.packets
        for frame in decoder.decode(av.Packet(data))
    ]


def test_a_clip_becomes_h264_of_another_size() -> None:
    clip = encode_clip(PORTRAIT, width=320, height=240, fps=10, codec="H264", longest=2)

    assert clip.codec == "H264"
    assert clip.video is not None
    assert len(clip.video.packets) == 20
    pictures = decoded(clip.video, "h264")
    assert {picture.shape for picture in pictures} == {(240, 320, 3)}


def test_the_shipped_clip_is_taken_as_it_is() -> None:
    clip = encode_clip(PORTRAIT)

    assert clip.video is not None
    assert clip.audio is not None
    assert clip.video.duration == clip.audio.duration == 12
    assert len(clip.video.packets) == 12 * 15
    assert len(clip.audio.packets) == 12 * 50
    with av.open(str(PORTRAIT)) as container:
        stored = [bytes(packet) for packet in container.demux(video=0)]
    assert list(clip.video.packets) == [data for data in stored if data]


def test_the_shipped_clip_is_small_and_has_a_key_frame_a_second() -> None:
    assert PORTRAIT.stat().st_size <= 700_000
    with av.open(str(PORTRAIT)) as container:
        keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.is_keyframe]
    assert keys == pytest.approx(list(range(12)), abs=0.01)


def test_the_shipped_clip_ends_where_it_begins() -> None:
    clip = encode_clip(PORTRAIT)
    assert clip.video is not None

    pictures = [picture[::4, ::4].astype(np.int16) for picture in decoded(clip.video, "vp8")]

    steps = [np.abs(later - earlier).mean() for earlier, later in pairwise(pictures)]
    # The first picture is a key frame, the last one is not: compression alone tells them apart.
    assert np.abs(pictures[0] - pictures[-1]).mean() <= 1.2 * max(steps)


@pytest.mark.parametrize(
    ("width", "height", "fps", "longest"),
    [(320, 240, 15, 1), (640, 480, 5, 1), (640, 480, 15, 0.6)],
)
def test_another_shape_is_encoded_anew(width: int, height: int, fps: int, longest: float) -> None:
    clip = encode_clip(PORTRAIT, width=width, height=height, fps=fps, longest=longest)

    assert clip.video is not None
    assert clip.audio is not None
    assert clip.video.duration == clip.audio.duration == Fraction(str(longest))
    assert decoded(clip.video, "vp8")[0].shape == (height, width, 3)


def test_pictures_are_letterboxed(tmp_path: Path) -> None:
    write_video(tmp_path / "wide.mkv", size=(160, 40), pictures=30, rate=30)

    clip = encode_clip(tmp_path / "wide.mkv", width=160, height=120)

    assert clip.audio is None
    assert clip.video is not None
    assert len(clip.video.packets) == 15
    picture = decoded(clip.video, "vp8")[-1]
    assert picture[60, 80, 0] > 200
    assert picture[10].max() < 60
    assert picture[110].max() < 60


def test_a_short_picture_is_held_while_the_sound_goes_on(tmp_path: Path) -> None:
    write_video(tmp_path / "talk.mkv", size=(64, 48), pictures=10, rate=10, sound=1.93)

    clip = encode_clip(tmp_path / "talk.mkv", width=64, height=48)

    assert clip.video is not None
    assert clip.audio is not None
    assert clip.video.duration == clip.audio.duration == 2
    assert decoded(clip.video, "vp8")[-1][24, 32, 0] > 200


def test_sound_keeps_its_pitch(tmp_path: Path) -> None:
    write_video(tmp_path / "tone.wav", size=(0, 0), pictures=0, rate=0, sound=1.0)

    clip = encode_clip(tmp_path / "tone.wav")

    assert clip.video is None
    assert clip.audio is not None
    assert len(clip.audio.packets) == 50
    heard = np.concatenate([piece[0, ::2] for piece in decoded(clip.audio, "libopus")])
    spectrum = np.abs(np.fft.rfft(heard[4_800 : 4_800 + 24_000]))
    assert spectrum.argmax() * AUDIO_RATE / 24_000 == pytest.approx(440, abs=4)


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), (b"no media at all", "Invalid data")]
)
def test_what_is_no_clip_is_refused(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ClipError, match=rf"clip\.mp4.*{reason}"):
        encode_clip(path)


def test_an_odd_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="fps"):
        encode_clip(PORTRAIT, fps=7)


@given(
    packets=st.lists(st.binary(min_size=1), min_size=1, max_size=20),
    index=st.integers(0, 10_000),
)
def test_looped_packets_follow_each_other_without_a_gap(packets: list[bytes], index: int) -> None:
    track = EncodedTrack("audio", 48_000, 960, tuple(packets))

    data, ticks = track.packet(index)
    later, later_ticks = track.packet(index + len(packets))

    assert data == later
    assert (later_ticks - ticks) / track.rate == float(track.duration)
    assert track.packet(index + 1)[1] - ticks == track.step
