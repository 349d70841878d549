"""Temperature scaling keeps the order, sums to one and refuses nonsense."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from esapr.inference.calibration import calibrated

logits = arrays(np.float32, st.sampled_from([(7,), (5, 7)]), elements=st.floats(-80, 80, width=32))


@given(logits, st.floats(0.2, 5))
def test_rows_are_probabilities(values: np.ndarray, temperature: float) -> None:
    probs = calibrated(values, temperature)
    assert probs.dtype == np.float32
    assert probs.min() >= 0
    np.testing.assert_allclose(probs.sum(axis=-1), 1, atol=1e-6)


@given(logits)
def test_a_temperature_never_changes_the_first_class(values: np.ndarray) -> None:
    best = np.take_along_axis(
        calibrated(values, 3.0), values.argmax(axis=-1, keepdims=True), axis=-1
    )
    np.testing.assert_array_equal(best[..., 0], calibrated(values, 3.0).max(axis=-1))


def test_a_higher_temperature_is_less_sure() -> None:
    values = np.float32([3, 1, 0, 0, 0, 0, 0])
    assert calibrated(values, 2.0).max() < calibrated(values, 1.0).max()


def test_huge_logits_do_not_overflow() -> None:
    assert calibrated(np.float32([1e30, 0, 0, 0, 0, 0, -1e30]), 1.0)[0] == 1


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_must_be_positive(temperature: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        calibrated(np.zeros(7, np.float32), temperature)
