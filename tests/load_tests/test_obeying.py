"""What a sender that obeys the answer makes of a clip."""

from dataclasses import replace

import av
import numpy as np
import pytest

from esapr.load_tests import PORTRAIT
from esapr.load_tests.encoders import AUDIO_RATE, opus
from esapr.load_tests.media import AUDIO_STEP, EncodedClip, EncodedTrack, encode_clip
from esapr.load_tests.obeying import obeying, portrait
from esapr.load_tests.peer import ClipTrack, PlayClock

SECOND = AUDIO_RATE


def clip_of(samples: np.ndarray) -> EncodedClip:
    track = EncodedTrack("audio", AUDIO_RATE, AUDIO_STEP, tuple(opus(samples)))
    return EncodedClip(None, track)


def tone(seconds: float) -> np.ndarray:
    return (np.sin(np.arange(round(seconds * SECOND)) * 0.05) * 9_000).astype(np.int16)


def sent(clip: EncodedClip) -> list[bool]:
    assert clip.audio is not None
    return [bool(packet) for packet in clip.audio.packets]


def test_the_shipped_clip_sends_a_third_of_the_packets_and_fewer_in_its_pauses() -> None:
    plain, asked = encode_clip(PORTRAIT), portrait(plain=False)

    assert portrait(plain=True) == plain
    assert asked.video == plain.video
    assert plain.audio is not None
    assert asked.audio is not None
    assert asked.audio.duration == plain.audio.duration
    assert len(asked.audio.packets) == len(plain.audio.packets) / 3
    assert 100 < sum(sent(asked)) < 180


def test_silence_is_left_out_after_a_moment_but_for_signs_of_life() -> None:
    samples = np.concatenate([tone(1.2), np.zeros(3 * SECOND, np.int16), tone(1.2)])

    was_sent = sent(obeying(clip_of(samples)))

    assert all(was_sent[:20])
    assert all(was_sent[-20:])
    silence = was_sent[24:69]
    assert 5 <= sum(silence) <= 8


def test_sound_keeps_its_pitch_and_level() -> None:
    asked = obeying(clip_of(tone(3)))

    assert asked.audio is not None
    decoder = av.CodecContext.create("libopus", "r")
    frames = [frame for data in asked.audio.packets for frame in decoder.decode(av.Packet(data))]
    assert {frame.samples for frame in frames} == {2880}
    left = np.concatenate([frame.to_ndarray()[0, ::2] for frame in frames])
    heard = left.astype(float) / 32_768
    middle = heard[SECOND : 2 * SECOND]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(9_000 / 32_768 / np.sqrt(2), rel=0.05)
    frequency = np.abs(np.fft.rfft(middle)).argmax()
    assert frequency == pytest.approx(0.05 / (2 * np.pi) * AUDIO_RATE, abs=1)


def test_a_clip_that_ends_within_a_packet_is_played_three_times_over() -> None:
    asked = obeying(clip_of(tone(1.0)))

    assert asked.audio is not None
    assert asked.audio.duration == 3


async def test_what_is_not_sent_takes_its_time() -> None:
    track = portrait(plain=False).audio
    assert track is not None
    gappy = ClipTrack(replace(track, packets=(b"one", b"", b"", b"four")), PlayClock())

    times = [(await gappy.recv()).pts for _ in range(3)]

    assert times == [0, 3 * track.step, 4 * track.step]
