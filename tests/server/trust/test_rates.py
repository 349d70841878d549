"""How often callers may call."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from esapr.server.trust.rates import CallRates


def test_a_burst_passes_and_one_more_waits_as_long_as_it_is_told() -> None:
    rates = CallRates(rate=2, burst=3, callers=10)

    assert [rates.spend("one", 0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert rates.spend("one", 0.25) == 0.25
    assert rates.spend("one", 0.5) == 0
    assert rates.spend("one", 0.5) == 0.5


def test_callers_do_not_wait_for_each_other() -> None:
    rates = CallRates(rate=1, burst=1, callers=10)

    assert rates.spend("one", 0) == 0
    assert rates.spend("one", 0) == 1
    assert rates.spend("two", 0) == 0


def test_asking_takes_nothing() -> None:
    rates = CallRates(rate=1, burst=1, callers=10)

    assert [rates.wait("one", 0) for _ in range(3)] == [0, 0, 0]
    assert rates.spend("one", 0) == 0
    assert rates.wait("one", 0.25) == 0.75
    assert rates.wait("one", 1) == 0


def test_the_one_heard_of_longest_ago_is_forgotten_first() -> None:
    rates = CallRates(rate=0.001, burst=1, callers=2)
    for caller in ("one", "two", "one", "three"):
        rates.spend(caller, 0)

    assert rates.forgotten == 1
    assert rates.spend("one", 0) == pytest.approx(1_000)
    assert rates.spend("three", 0) == pytest.approx(1_000)
    assert rates.spend("two", 0) == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2)), max_size=200))
def test_never_more_than_burst_and_rate_allow(calls: list[tuple[str, float]]) -> None:
    rates = CallRates(rate=2, burst=5, callers=3)
    now, taken = 0.0, dict.fromkeys("abc", 0)
    for caller, pause in calls:
        now += pause
        taken[caller] += not rates.spend(caller, now)
    assert max(taken.values()) <= 5 + 2 * now + 1e-6
