import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.emotions import CLASSES, UNIFORM, Emotion, Scores
from esapr.inference.smoothing import BayesFilter, ExponentialSmoothing


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


def leaning(emotion: Emotion) -> Scores:
    return np.where(np.arange(CLASSES) == emotion, 0.4, 0.1).astype(np.float32)


def test_the_filter_lets_the_first_value_through_and_grows_surer_with_more_of_it() -> None:
    beliefs = BayesFilter(transition_rate=0.1, evidence_rate=0.5)
    first = beliefs.update(leaning(Emotion.SAD), 1.0)
    assert np.array_equal(first, leaning(Emotion.SAD))
    second = beliefs.update(leaning(Emotion.SAD), 2.0)
    assert second[Emotion.SAD] > first[Emotion.SAD]


def test_without_evidence_the_belief_fades_at_the_rate_of_transitions() -> None:
    beliefs = BayesFilter(transition_rate=np.log(2) / 5, evidence_rate=1.0)
    beliefs.update(sure(Emotion.HAPPY), 0.0)
    faded = beliefs.update(UNIFORM, 5.0)
    assert faded[Emotion.HAPPY] == pytest.approx(0.5 + 0.5 / CLASSES, abs=1e-5)


def test_one_odd_value_does_not_turn_the_belief_and_a_lasting_one_does() -> None:
    beliefs = BayesFilter(transition_rate=0.05, evidence_rate=1.0)
    for second in range(5):
        beliefs.update(leaning(Emotion.HAPPY), float(second))
    assert beliefs.update(leaning(Emotion.SAD), 5.0).argmax() == Emotion.HAPPY
    for second in range(6, 10):
        beliefs.update(leaning(Emotion.SAD), float(second))
    assert beliefs.value is not None
    assert beliefs.value.argmax() == Emotion.SAD


def test_a_pause_does_not_count_for_the_filter() -> None:
    paused, through = BayesFilter(0.1, 1.0), BayesFilter(0.1, 1.0)
    for beliefs in (paused, through):
        beliefs.update(leaning(Emotion.SAD), 1.0)
    paused.resume(60.0)
    after = paused.update(UNIFORM, 61.0)
    assert np.allclose(after, through.update(UNIFORM, 2.0), atol=1e-6)


@given(
    st.lists(st.sampled_from(Emotion), min_size=1, max_size=20),
    st.floats(0, 5),
    st.floats(0, 5),
)
def test_every_belief_is_a_distribution(
    shown: list[Emotion], transitions: float, evidence: float
) -> None:
    beliefs = BayesFilter(transitions, evidence)
    for second, emotion in enumerate(shown):
        belief = beliefs.update(sure(emotion), float(second))
        assert belief.sum() == pytest.approx(1.0, abs=1e-5)
        assert belief.min() >= 0


@pytest.mark.parametrize("rates", [(-0.1, 1.0), (0.1, -1.0)])
def test_negative_rates_are_refused(rates: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        BayesFilter(*rates)
