"""Temperature scaling keeps the order, sums to one and refuses nonsense."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from esapr.inference.calibration import Calibration, calibrated, scaled

logits = arrays(np.float32, st.sampled_from([(7,), (5, 7)]), elements=st.floats(-80, 80, width=32))


@given(logits, st.floats(0.2, 5), st.floats(0, 2))
def test_rows_are_probabilities(values: np.ndarray, temperature: float, slope: float) -> None:
    probs = calibrated(values, Calibration(temperature, slope))
    assert probs.dtype == np.float32
    assert probs.min() >= 0
    np.testing.assert_allclose(probs.sum(axis=-1), 1, atol=1e-6)


@given(logits, st.floats(0, 2))
def test_a_calibration_never_changes_the_first_class(values: np.ndarray, slope: float) -> None:
    probs = calibrated(values, Calibration(3.0, slope))
    best = np.take_along_axis(probs, values.argmax(axis=-1, keepdims=True), axis=-1)
    np.testing.assert_array_equal(best[..., 0], probs.max(axis=-1))


def test_a_higher_temperature_is_less_sure() -> None:
    values = np.float32([3, 1, 0, 0, 0, 0, 0])
    assert calibrated(values, Calibration(2.0)).max() < calibrated(values, Calibration()).max()


def test_huge_logits_do_not_overflow() -> None:
    assert calibrated(np.float32([1e30, 0, 0, 0, 0, 0, -1e30]), Calibration())[0] == 1


def test_a_slope_flattens_the_doubtful_and_leaves_the_plain() -> None:
    plain, doubtful = np.float32([30, 0, 0, 0, 0, 0, 0]), np.float32([1, 0, 0, 0, 0, 0, 0])
    sloped = Calibration(1.0, 0.5)
    np.testing.assert_allclose(scaled(plain, sloped), plain, rtol=1e-6)
    assert 0.60 < scaled(doubtful, sloped)[0] < 0.65  # exp(-0.5 * 0.95)


def test_rows_are_scaled_each_by_its_own_doubt() -> None:
    rows = np.float32([[30, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0]])
    sloped = Calibration(1.2, 0.5)
    alone = np.stack([calibrated(row, sloped) for row in rows])
    np.testing.assert_array_equal(calibrated(rows, sloped), alone)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_must_be_positive(temperature: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        Calibration(temperature)


@pytest.mark.parametrize("slope", [-0.1, float("nan"), float("inf")])
def test_a_slope_must_not_be_negative(slope: float) -> None:
    with pytest.raises(ValueError, match="slope"):
        Calibration(1.0, slope)
