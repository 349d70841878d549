"""From probabilities to speech: thresholds, margins, milliseconds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from esapr.inference.voice.activity import (
    CHUNK,
    CHUNKS,
    LENGTHS,
    MARGIN,
    MOST,
    PIECE,
    evidence,
    find_speech,
)
from esapr.inference.voice.windows import WINDOW


def probabilities(*stretches: tuple[int, int, float]) -> np.ndarray:
    values = np.zeros(CHUNKS, np.float32)
    for first, last, value in stretches:
        values[first:last] = value
    return values


def test_no_chunk_above_the_onset_is_no_speech() -> None:
    assert find_speech(probabilities((0, CHUNKS, 0.49))) is None


def test_speech_that_began_goes_on_above_the_lower_threshold() -> None:
    speech = find_speech(probabilities((10, 11, 0.6), (11, 20, 0.4), (20, 25, 0.3)))
    assert speech is not None
    assert speech.milliseconds == 10 * 32


def test_the_stretch_holds_its_margins_and_stays_in_the_window() -> None:
    speech = find_speech(probabilities((40, 50, 0.9)))
    assert speech is not None
    skipped = WINDOW - CHUNKS * CHUNK
    assert speech.begin == skipped + 40 * CHUNK - MARGIN
    assert speech.end == skipped + 50 * CHUNK + MARGIN
    whole = find_speech(probabilities((0, CHUNKS, 0.9)))
    assert whole is not None
    assert (whole.begin, whole.end) == (0, WINDOW)


@pytest.mark.parametrize(("first", "recent"), [(10, 0), (CHUNKS - 10, 320), (50, 416)])
def test_recent_speech_lies_in_the_last_second(first: int, recent: int) -> None:
    speech = find_speech(probabilities((first, first + 25, 0.9)))
    assert speech is not None
    assert speech.recent_ms == recent


@given(arrays(np.float32, CHUNKS, elements=st.floats(0, 1, width=32)))
def test_the_evidence_is_the_last_of_the_speech_moved_to_the_front(values: np.ndarray) -> None:
    samples = np.arange(1, WINDOW + 1, dtype=np.float32)
    speech = find_speech(values)
    if speech is None:
        return
    pieces = evidence(samples, speech)
    assert pieces.shape[1] == PIECE
    moved = pieces.ravel()
    length = min(speech.end - speech.begin, MOST)
    assert length <= len(moved) < length + LENGTHS
    assert len(moved) % LENGTHS == 0
    np.testing.assert_array_equal(moved[:length], samples[speech.end - length : speech.end])
    assert not moved[length:].any()
    assert 32 <= speech.milliseconds <= CHUNKS * 32
    assert speech.recent_ms <= speech.milliseconds


def test_of_a_window_full_of_speech_the_last_two_and_a_half_seconds_count() -> None:
    speech = find_speech(probabilities((0, CHUNKS, 0.9)))
    assert speech is not None
    samples = np.arange(1, WINDOW + 1, dtype=np.float32)
    np.testing.assert_array_equal(evidence(samples, speech).ravel(), samples[-40_000:])
