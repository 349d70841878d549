"""Blinks counted on made-up series of eye aspect ratios."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.face.blink import (
    LEFT_EYE,
    MEMORY,
    OPEN_QUANTILE,
    RIGHT_EYE,
    BlinkCounter,
    OpenRatio,
    eye_aspect_ratios,
)

OPEN, SHUT, SMILE = 0.32, 0.15, 0.25
STEP = 0.1


def watched(ratios: list[float], step: float = STEP) -> BlinkCounter:
    counter = BlinkCounter()
    for index, ratio in enumerate(ratios):
        counter.add(ratio, index * step)
    return counter


def test_one_closure_is_one_blink() -> None:
    assert watched([OPEN] * 10 + [SHUT] * 2 + [OPEN] * 10).total == 1


def test_a_blink_counts_when_the_eyes_open_again() -> None:
    counter = watched([OPEN] * 10 + [SHUT])
    assert (counter.total, counter.eyes_closed) == (0, True)
    assert counter.add(OPEN, 1.2)
    assert (counter.total, counter.eyes_closed) == (1, False)


def test_a_smile_is_not_a_blink() -> None:
    assert watched([OPEN] * 30 + [SMILE] * 30 + [OPEN] * 10).total == 0


def test_a_blink_is_found_in_a_lasting_smile() -> None:
    """The open ratio follows the person: half a minute later the smile is what open looks like."""
    assert watched([OPEN] * 30 + [SMILE] * 350 + [0.13] * 2 + [SMILE] * 5).total == 1


def test_narrow_eyes_have_a_threshold_of_their_own() -> None:
    narrow = 0.2
    assert watched([narrow] * 30).total == 0
    assert watched([narrow] * 30 + [0.09] * 2 + [narrow] * 5).total == 1


def test_hovering_between_the_thresholds_counts_once() -> None:
    counter = watched([OPEN] * 20 + [0.6 * OPEN, 0.7 * OPEN, 0.6 * OPEN, 0.7 * OPEN, OPEN])
    assert counter.total == 1


def test_eyes_shut_for_long_are_not_blinking() -> None:
    assert watched([OPEN] * 40 + [SHUT] * 12 + [OPEN] * 5).total == 0


def test_a_face_that_leaves_with_shut_eyes_has_not_blinked() -> None:
    counter = watched([OPEN] * 20 + [SHUT])
    assert not counter.add(OPEN, 60.0)
    assert counter.total == 0


def test_the_rate_waits_for_ten_seconds_and_counts_watched_time_only() -> None:
    blink = [OPEN] * 18 + [SHUT] * 2
    assert watched(blink * 3).per_minute == 0.0
    counter = watched(blink * 10 + [OPEN])
    assert counter.per_minute == pytest.approx(30.0, rel=0.01)
    counter.add(OPEN, 600.0)
    assert counter.per_minute == pytest.approx(30.0, rel=0.01)


@given(st.lists(st.floats(0, 1), max_size=60))
def test_no_series_counts_more_blinks_than_it_has_closures(ratios: list[float]) -> None:
    counter = watched(ratios)
    assert 0 <= counter.total <= len(ratios) // 2


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 20)), min_size=1, max_size=60))
def test_the_open_ratio_is_the_quantile_of_the_last_half_minute(
    steps: list[tuple[float, float]],
) -> None:
    kept, now, seen = OpenRatio(), 0.0, []
    for ratio, seconds in steps:
        now += seconds
        kept.add(ratio, now)
        seen.append((now, ratio))
        recent = [value for at, value in seen if at >= now - MEMORY]
        assert len(kept) == len(recent)
        assert kept.value() == pytest.approx(np.quantile(recent, OPEN_QUANTILE), abs=1e-12)


def test_the_ratio_is_height_over_width_and_needs_square_pixels() -> None:
    points = np.zeros((468, 2), dtype=np.float32)
    shape = np.float32([[0, 0], [10, -3], [20, -3], [30, 0], [20, 3], [10, 3]])
    points[list(RIGHT_EYE)] = shape
    points[list(LEFT_EYE)] = shape * (1, 2) + 100
    turned = points @ np.float32([[0.6, 0.8], [-0.8, 0.6]])
    assert eye_aspect_ratios(np.stack([points, turned])) == pytest.approx([0.3, 0.3], rel=1e-4)
