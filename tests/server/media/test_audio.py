"""Windows of sound: where they end, and what they hold, for packets of any length."""

from fractions import Fraction

import av
import numpy as np
import pytest

from esapr.inference.signals import SAMPLE_RATE, AudioWindow
from esapr.server.media.audio import Sound

RATE = 48_000
PITCH = 440.0


def windows(
    seconds: float, packet_ms: int, *, silent: range = range(0), started: float = 0.0
) -> list[AudioWindow]:
    """Play a tone in stereo, with packets left out in the ``silent`` milliseconds."""
    sound, length = Sound(), RATE * packet_ms // 1000
    found = []
    for start in range(0, round(seconds * RATE), length):
        if start * 1000 // RATE in silent:
            continue
        tone = np.sin(2 * np.pi * PITCH * np.arange(start, start + length) / RATE)
        both = np.repeat((tone * 16_384).astype(np.int16), 2)[None]
        frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        found += sound.take(frame, started + start / RATE)
    return found


@pytest.mark.parametrize("packet_ms", [20, 60])
def test_windows_end_a_quarter_of_a_second_before_each_state(packet_ms: int) -> None:
    found = windows(5.1, packet_ms, started=0.31)

    assert [w.at for w in found] == pytest.approx([0.75, 1.75, 2.75, 3.75, 4.75], abs=0.001)
    assert {len(w.samples) for w in found} == {3 * SAMPLE_RATE}


@pytest.mark.parametrize("packet_ms", [20, 60])
def test_a_window_holds_the_tone_that_was_sent(packet_ms: int) -> None:
    samples = windows(4.2, packet_ms)[-1].samples

    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() * SAMPLE_RATE / len(samples) == pytest.approx(PITCH, abs=1)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.01)


def test_what_a_sender_leaves_out_in_silence_is_silence_of_the_same_length() -> None:
    window = windows(5.1, 60, silent=range(1980, 3000))[-1]

    spoken = np.abs(window.samples.reshape(-1, SAMPLE_RATE // 20)).max(axis=1) > 0.1
    heard = [window.at - 3 + index / 20 for index, loud in enumerate(spoken) if loud]
    gap = [time for time in np.arange(2.05, 2.95, 0.05) if any(abs(time - h) < 0.02 for h in heard)]
    assert gap == []
    assert min(heard) == pytest.approx(1.75, abs=0.06)
    assert sum(spoken) / 20 == pytest.approx(2, abs=0.1)
