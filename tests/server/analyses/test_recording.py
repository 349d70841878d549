"""Recorded files to pictures and windows: every format, and every way to be broken."""

from pathlib import Path

import numpy as np
import pytest

from esapr.inference.signals import SAMPLE_RATE
from esapr.inference.voice.quality import loudness_db
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.analyses.formats import format_of_file
from esapr.server.analyses.recording import Recording, Still, Stretch
from tests.server.analyses.recorded import DATA, FORMATS, RATE, portrait, recording, speech

CLIP = Path(__file__).parents[3] / "load_tests/clips/portrait.webm"


def opened(name: str, data: bytes, longest: float = 3_600.0) -> Recording:
    return Recording(data, format_of_file(Path(name)), fps=5.0, longest=longest)


def everything(source: Recording) -> Stretch:
    """Read second by second, as a replay does."""
    stretch, frames, windows, end = Stretch(), [], [], 0.0
    while stretch.end is None or end <= stretch.end + 1.0:
        end += 1.0
        stretch = source.until(end)
        assert all(end - 1.0 <= item.at < end for item in (*stretch.frames, *stretch.windows))
        frames += stretch.frames
        windows += stretch.windows
    return Stretch(tuple(frames), tuple(windows), stretch.end)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_brings_its_pictures_and_its_sound(name: str) -> None:
    _, video, audio = FORMATS[name]
    read = everything(opened(name, recording(name, 3.0)))

    assert read.end == pytest.approx(3.0, abs=0.1)
    assert [round(frame.at, 1) for frame in read.frames] == (
        [round(0.2 * number, 1) for number in range(15)] if video else []
    )
    assert all(frame.rgb.shape == (240, 240, 3) for frame in read.frames)
    assert [round(window.at, 2) for window in read.windows] == (
        [0.75, 1.75, 2.75, 3.75] if audio else []
    )
    # A sine of 0.3 is at -13.5 dB; the last window ends in silence.
    assert all(loudness_db(w.samples) == pytest.approx(-13.5, abs=1) for w in read.windows[:3])


def test_a_file_is_read_from_a_disk_as_from_memory() -> None:
    form = format_of_file(CLIP)
    from_disk = everything(Recording(CLIP, form, fps=5.0, longest=60.0))
    from_memory = everything(Recording(CLIP.read_bytes(), form, fps=5.0, longest=60.0))

    assert len(from_disk.frames) == 60
    assert from_disk.end == from_memory.end == pytest.approx(12.0, abs=0.01)
    for one, other in zip(from_disk.frames, from_memory.frames, strict=True):
        assert (one.at, one.rgb.tobytes()) == (other.at, other.rgb.tobytes())
    for a, b in zip(from_disk.windows, from_memory.windows, strict=True):
        assert (a.at, a.samples.tobytes()) == (b.at, b.samples.tobytes())


def test_telephone_sound_keeps_its_speech() -> None:
    heard = speech(3.0)
    telephone = heard.reshape(1, -1, 2).mean(axis=2)
    data = recording("sound.wav", 3.0, samples=telephone, rate=8_000)
    read = everything(opened("sound.wav", data))

    window = read.windows[2].samples[-int(2.5 * SAMPLE_RATE) :]
    original = heard[int(0.25 * SAMPLE_RATE) : int(2.75 * SAMPLE_RATE)]
    assert np.corrcoef(window, original)[0, 1] > 0.9


def test_of_six_channels_the_one_with_the_speech_is_heard() -> None:
    channels = np.zeros((6, 3 * RATE), np.float32)
    channels[2] = np.repeat(speech(3.0), 3)  # the centre, of 5.1
    data = recording("sound.flac", 3.0, samples=channels, layout="5.1")
    read = everything(opened("sound.flac", data))

    assert loudness_db(read.windows[2].samples) > -40
    one, other = read.windows[2].samples[SAMPLE_RATE // 4 :], speech(3.0)[: int(2.75 * SAMPLE_RATE)]
    assert np.corrcoef(one, other)[0, 1] > 0.9


def test_sound_behind_all_pictures_is_laid_beside_them() -> None:
    read = everything(opened("video.mp4", recording("video.mp4", 3.0, sound_last=True)))

    assert len(read.frames) == 15
    assert len(read.windows) == 4


def test_a_video_that_a_telephone_stored_on_its_side_is_turned_upright() -> None:
    data = bytearray(recording("silent.mp4", 1.0, pictures=(np.rot90(portrait()).copy(),)))
    # The matrix of the track's head, 16.16 fixed point: a turn by 90 degrees clockwise.
    matrix = data.index(b"tkhd") + 4 + 40
    turn = (0, 1 << 16, 0, -(1 << 16), 0, 0, 240 << 16, 0, 1 << 30)
    data[matrix : matrix + 36] = b"".join(value.to_bytes(4, signed=True) for value in turn)
    turned = everything(opened("silent.mp4", bytes(data))).frames[0].rgb
    straight = everything(opened("silent.mp4", recording("silent.mp4", 1.0))).frames[0].rgb

    assert np.abs(turned.astype(int) - straight).mean() < 8


def test_the_cover_of_an_album_is_no_picture_of_anybody() -> None:
    cover = b"\0image/jpeg\0\3\0" + (DATA / "astronaut.jpg").read_bytes()
    frame = b"APIC" + len(cover).to_bytes(4) + b"\0\0" + cover
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    tagged = b"ID3\3\0\0" + size + frame + recording("sound.mp3", 2.0)
    read = everything(opened("sound.mp3", tagged))

    assert (len(read.frames), len(read.windows)) == (0, 3)


@pytest.mark.parametrize("name", ["video.mp4", "video.webm", "sound.mp3", "sound.flac"])
def test_damage_in_the_middle_costs_what_is_damaged(name: str) -> None:
    data = bytearray(recording(name, 6.0))
    middle = len(data) // 2
    data[middle : middle + len(data) // 20] = bytes(len(data) // 20)
    read = everything(opened(name, bytes(data)))

    assert read.end is not None
    assert read.end >= 3.0
    assert len(read.frames) + len(read.windows) >= 3


def test_a_file_that_is_cut_short_is_read_as_far_as_it_goes() -> None:
    data = CLIP.read_bytes()
    read = everything(opened("cut.webm", data[: len(data) // 2]))

    assert read.end is not None
    assert 4.0 < read.end < 8.0
    assert len(read.frames) > 20


def refusal(name: str, data: bytes, longest: float = 3_600.0) -> ErrorCode:
    with pytest.raises(ProtocolError) as refused:
        everything(opened(name, data, longest))
    return refused.value.code


NOISE = np.random.default_rng(1).integers(0, 256, 100_000, np.uint8).tobytes()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("data", [b"", b"\0" * 50_000, NOISE], ids=["empty", "zeros", "noise"])
def test_what_is_no_recording_is_refused(name: str, data: bytes) -> None:
    assert refusal(name, data) is ErrorCode.MEDIA_INVALID


def test_a_recording_of_another_format_than_it_says_is_refused() -> None:
    assert refusal("sound.wav", recording("sound.mp3", 1.0)) is ErrorCode.MEDIA_INVALID


def test_a_playlist_does_not_open_other_files() -> None:
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\nfile://{CLIP}\n#EXT-X-ENDLIST\n"
    concatenation = f"ffconcat version 1.0\nfile {CLIP}\n"

    for text in (playlist, concatenation):
        for name in ("x.webm", "x.mp4", "x.wav"):
            assert refusal(name, text.encode()) is ErrorCode.MEDIA_INVALID


def test_the_length_at_the_limit_is_taken_and_one_past_it_is_not() -> None:
    data = recording("sound.wav", 4.0)

    assert everything(opened("sound.wav", data, longest=4.0)).end == 4.0
    assert refusal("sound.wav", data, longest=3.999) is ErrorCode.RECORDING_TOO_LONG


def test_a_file_that_hides_how_long_it_is_is_refused_on_the_way() -> None:
    data = recording("sound.flac", 6.0)
    # STREAMINFO's count of samples (RFC 9639, section 8.2), 36 bits: unknown.
    hidden = data[:21] + bytes([data[21] & 0xF0]) + bytes(4) + data[26:]

    assert refusal("sound.flac", hidden, longest=4.0) is ErrorCode.RECORDING_TOO_LONG


def test_progress_never_goes_back_and_ends_at_one() -> None:
    source = opened("clip.webm", CLIP.read_bytes())
    fractions = [source.fraction]
    for second in range(1, 14):
        source.until(float(second))
        fractions.append(source.fraction)

    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[6] == pytest.approx(0.5, abs=0.1)
    assert fractions[-1] == pytest.approx(1.0, abs=0.01)


def test_a_picture_is_shown_for_a_second() -> None:
    still = Still((DATA / "astronaut.jpg").read_bytes(), fps=5.0)

    shown = still.until(1.0)
    assert [frame.at for frame in shown.frames] == [0.0, 0.2, 0.4, pytest.approx(0.6), 0.8]
    assert shown.end == 1.0
