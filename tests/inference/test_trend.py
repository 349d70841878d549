"""The minute's trend: what a straight line says, and when it says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.trend import LEAST, MOST, SPAN, Slope, Trend


def told(*points: tuple[float, tuple[float, float] | None]) -> Slope | None:
    trend, slope = Trend(), None
    for at, position in points:
        slope = trend.update(at, position)
    return slope


def test_who_brightens_by_a_half_in_a_minute_is_told_so() -> None:
    points = [(at, (at / 120, -at / 240)) for at in range(61)]
    assert told(*points) == pytest.approx((0.5, -0.25))


def test_nothing_is_told_before_there_is_enough_to_see() -> None:
    assert told((0.0, (0.0, 0.0)), (LEAST - 0.1, (1.0, 1.0))) is None
    assert told((0.0, (0.0, 0.0)), (LEAST, (0.5, 0.0))) == pytest.approx((1.5, 0.0))
    assert told((5.0, None)) is None


def test_what_is_more_than_a_minute_old_is_forgotten() -> None:
    late = [(at + SPAN + 1, (0.2, 0.2)) for at in range(31)]
    assert told((0.0, (-1.0, 1.0)), *late) == pytest.approx((0.0, 0.0))
    silent = [(at, (at / 60, 0.0)) for at in range(30)]
    assert told(*silent, (95.0, None)) is None


@given(st.floats(-1e6, 1e6), st.lists(st.floats(-1, 1), min_size=25, max_size=60))
def test_a_shifted_clock_says_the_same(shift: float, values: list[float]) -> None:
    points = [(float(at), (value, -value)) for at, value in enumerate(values)]
    moved = [(at + shift, position) for at, position in points]
    assert told(*moved) == pytest.approx(told(*points), abs=1e-3)


def test_states_that_come_too_often_push_out_the_oldest() -> None:
    points = [(at / 100, (min(at, 1), 0.0)) for at in range(MOST + 1)]
    assert told(*points) is None
    assert told(*points, (LEAST + 1, (1.0, 0.0))) == pytest.approx((0.0, 0.0))
