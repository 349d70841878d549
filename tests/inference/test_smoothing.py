import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.emotions import CLASSES, UNIFORM, Emotion, Scores
from esapr.inference.smoothing import ExponentialSmoothing


def sure(emotion: Emotion) -> Scores:
    return np.eye(CLASSES, dtype=np.float32)[emotion]


def test_the_first_value_passes_through() -> None:
    assert ExponentialSmoothing(1.0).update(UNIFORM, 5.0) is UNIFORM


def test_half_is_kept_after_a_half_life() -> None:
    smoothing = ExponentialSmoothing(2.0)
    smoothing.update(sure(Emotion.HAPPY), 0.0)
    value = smoothing.update(sure(Emotion.SAD), 2.0)
    assert value[Emotion.HAPPY] == pytest.approx(0.5)
    assert value[Emotion.SAD] == pytest.approx(0.5)


@given(st.integers(min_value=1, max_value=20))
def test_the_number_of_updates_does_not_matter_only_the_time_does(steps: int) -> None:
    smoothing = ExponentialSmoothing(1.0)
    smoothing.update(sure(Emotion.HAPPY), 0.0)
    value = UNIFORM
    for step in range(1, steps + 1):
        value = smoothing.update(sure(Emotion.SAD), 3.0 * step / steps)
    assert value[Emotion.HAPPY] == pytest.approx(0.125, abs=1e-5)


def test_zero_switches_smoothing_off() -> None:
    smoothing = ExponentialSmoothing(0.0)
    smoothing.update(sure(Emotion.HAPPY), 0.0)
    assert smoothing.update(UNIFORM, 0.0) is UNIFORM


def test_a_clock_that_goes_back_changes_nothing() -> None:
    smoothing = ExponentialSmoothing(1.0)
    first = smoothing.update(sure(Emotion.HAPPY), 5.0)
    assert np.array_equal(smoothing.update(UNIFORM, 4.0), first)


def test_a_negative_half_life_is_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        ExponentialSmoothing(-1.0)
