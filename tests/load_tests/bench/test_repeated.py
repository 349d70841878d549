import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.load_tests.bench.repeated import Meter, Repeated, percentile


def test_the_median_is_reported_and_noise_is_the_range_over_it() -> None:
    figure = Repeated([90.0, 100.0, 120.0])

    assert figure.median == 100
    assert figure.noise == pytest.approx(0.3)


def test_a_batch_counts_by_the_share_of_it_that_lies_inside() -> None:
    meter = Meter(10.0, 12.0)

    meter.add(9.0, 11.0, 8)  # half of it inside
    meter.add(11.0, 12.0, 8)
    meter.add(11.5, 13.5, 8)  # a quarter
    meter.add(12.5, 13.0, 8)  # none

    assert meter.rate == pytest.approx((4 + 8 + 2) / 2)


@given(st.integers(1, 7), st.floats(0.01, 0.9))
def test_steady_work_has_its_rate_wherever_the_window_ends(threads: int, length: float) -> None:
    meter = Meter(1.0, 4.0)

    for thread in range(threads):
        began = thread * length / threads
        while began < 5.0:
            meter.add(began, began + length, 4)
            began += length

    assert meter.rate == pytest.approx(threads * 4 / length)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_one_of_the_values(values: list[float], share: float) -> None:
    assert percentile(values, share) in values
    assert percentile(values, 1) == max(values)


def test_no_values_have_no_percentile() -> None:
    assert percentile([], 0.5) is None
