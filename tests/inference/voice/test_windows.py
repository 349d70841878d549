"""The window buffer: no sample is lost, invented or repeated, whatever the packets look like."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.signals import SAMPLE_RATE, AudioWindow
from esapr.inference.voice.windows import WINDOW, WindowBuffer

HOP = SAMPLE_RATE


def ramp(size: int, start: int = 1) -> np.ndarray:
    """Samples that tell their position; none is zero."""
    return np.arange(start, start + size, dtype=np.float32)


def test_the_first_window_comes_after_one_hop_and_is_zeros_before_the_stream() -> None:
    pushed = WindowBuffer().push(ramp(HOP), at=5.0)
    (window,) = pushed.windows
    assert window.at == pytest.approx(6.0)
    assert len(window.samples) == WINDOW
    np.testing.assert_array_equal(window.samples[-HOP:], ramp(HOP))
    assert not window.samples[:-HOP].any()
    assert (pushed.missing, pushed.late) == (0, 0)


@given(st.lists(st.integers(1, 3 * HOP), min_size=1, max_size=30))
def test_windows_hold_the_stream_however_it_is_cut(sizes: list[int]) -> None:
    buffer, stream = WindowBuffer(), ramp(sum(sizes))
    windows: list[AudioWindow] = []
    for size, end in zip(sizes, np.cumsum(sizes).tolist(), strict=True):
        start = end - size
        windows += buffer.push(stream[start:end], at=start / SAMPLE_RATE).windows
    assert len(windows) == len(stream) // HOP
    newest = [window.samples[-HOP:] for window in windows]
    np.testing.assert_array_equal(np.concatenate([[], *newest]), stream[: len(stream) // HOP * HOP])
    for before, after in itertools.pairwise(windows):
        np.testing.assert_array_equal(before.samples[HOP:], after.samples[:-HOP])


@given(gap=st.integers(321, WINDOW - 1))
def test_a_gap_is_zeros_at_its_place(gap: int) -> None:
    buffer = WindowBuffer()
    buffer.push(ramp(HOP // 2), at=0.0)
    pushed = buffer.push(ramp(WINDOW), at=0.5 + gap / SAMPLE_RATE)
    assert pushed.missing == gap
    expected = np.concatenate([np.zeros(WINDOW), ramp(HOP // 2), np.zeros(gap), ramp(WINDOW)])
    for window in pushed.windows:
        end = WINDOW + round(window.at * SAMPLE_RATE)
        np.testing.assert_array_equal(window.samples, expected[end - WINDOW : end])


def test_after_a_gap_as_long_as_a_window_nothing_old_is_left() -> None:
    buffer = WindowBuffer()
    buffer.push(ramp(HOP + 500), at=0.0)
    pushed = buffer.push(ramp(HOP), at=100.0)
    (window,) = pushed.windows
    assert window.at == pytest.approx(101.0)
    assert not window.samples[:-HOP].any()
    assert pushed.missing == 99 * HOP - 500


@given(overlap=st.integers(321, HOP))
def test_late_samples_are_dropped_and_counted(overlap: int) -> None:
    buffer = WindowBuffer()
    buffer.push(ramp(HOP), at=0.0)
    again = ramp(HOP, start=HOP - overlap + 1)
    pushed = buffer.push(again, at=1.0 - overlap / SAMPLE_RATE)
    assert pushed.late == overlap
    rest = buffer.push(ramp(overlap, start=2 * HOP - overlap + 1), at=2.0 - overlap / SAMPLE_RATE)
    (window,) = (*pushed.windows, *rest.windows)
    np.testing.assert_array_equal(window.samples[-2 * HOP :], ramp(2 * HOP))


def test_jitter_of_the_time_stamps_moves_no_sample() -> None:
    buffer = WindowBuffer()
    random = np.random.default_rng(0)
    windows: list[AudioWindow] = []
    for frame in range(202):
        at = frame * 0.02 + random.uniform(-0.009, 0.009)
        windows += buffer.push(ramp(320, start=frame * 320 + 1), at).windows
    assert windows[-1].at == pytest.approx(4.0, abs=1 / SAMPLE_RATE)
    np.testing.assert_array_equal(np.diff(windows[-1].samples), 1)


@pytest.mark.parametrize("start", [0.0, 0.3, 0.75, 5.1])
def test_windows_end_at_the_phase_whenever_the_stream_begins(start: float) -> None:
    buffer = WindowBuffer(phase=0.75)
    windows = buffer.push(ramp(5 * HOP), at=start).windows
    assert [window.at % 1 for window in windows] == pytest.approx([0.75] * 5)
    assert start < windows[0].at <= start + 1
    heard = round((windows[0].at - start) * HOP)
    np.testing.assert_array_equal(windows[0].samples[-heard:], ramp(heard))
    assert not windows[0].samples[:-heard].any()


def test_a_hop_must_hold_a_sample() -> None:
    with pytest.raises(ValueError, match="hop"):
        WindowBuffer(hop=0.0)
    assert len(WindowBuffer(hop=0.5).push(ramp(HOP), at=0.0).windows) == 2
