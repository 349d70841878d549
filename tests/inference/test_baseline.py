"""A person's own neutral: what is captured, how far it is believed, and what it does to scores."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.baseline import (
    Baseline,
    BaselineCapture,
    Neutral,
    OwnNeutral,
    centred,
    neutrals,
    recalled,
    shift_of,
)
from esapr.inference.emotions import CLASSES, UNIFORM, Emotion, Scores
from esapr.inference.signals import Modality, ModalityScore, TextDetails
from esapr.models_onnx.evaluation.score_bank import read
from esapr.models_onnx.training.fusion.baseline import mean_of
from tests.inference.test_fusion import leaning

KNOWN = {
    each: Neutral(centred(leaning(Emotion.NEUTRAL, 0.6)), half_seconds=2.0, most=1.5)
    for each in (Modality.FACE, Modality.VOICE)
}
SAD_AT_REST = leaning(Emotion.SAD, 0.6)
"""What the face or voice of somebody shows who is taken for sad while neutral."""

probabilities = st.lists(st.floats(1e-6, 1.0), min_size=CLASSES, max_size=CLASSES).map(
    lambda found: np.asarray(np.array(found) / sum(found), np.float32)
)


def score(
    modality: Modality, start: float, end: float, probs: Scores, coverage: float = 1.0
) -> ModalityScore:
    return ModalityScore(modality, start, end, probs, coverage, TextDetails(1))


def pictures(probs: Scores, begin: float = 0.0, seconds: float = 5.0) -> list[ModalityScore]:
    times = begin + np.arange(0.2, seconds, 0.2)
    return [score(Modality.FACE, float(at), float(at), probs) for at in times]


def captured(scores: Sequence[ModalityScore], begin: float = 0.0) -> BaselineCapture:
    capture = BaselineCapture(begin, begin + 5.0, KNOWN)
    for each in scores:
        capture.add(each)
    return capture


def test_who_looks_sad_at_rest_is_neutral_afterwards() -> None:
    baseline = captured(pictures(SAD_AT_REST)).baseline()
    at_rest = baseline.applied(score(Modality.FACE, 9.0, 9.0, SAD_AT_REST))
    happy = baseline.applied(score(Modality.FACE, 9.0, 9.0, leaning(Emotion.HAPPY)))
    voice = score(Modality.VOICE, 6.0, 9.0, SAD_AT_REST)
    assert at_rest.probs.argmax() == Emotion.NEUTRAL
    assert happy.probs.argmax() == Emotion.HAPPY
    assert baseline.applied(voice) is voice


def test_who_is_like_everybody_is_not_shifted() -> None:
    same = leaning(Emotion.NEUTRAL, 0.6)
    baseline = captured(pictures(same)).baseline()
    assert baseline.shifts[Modality.FACE] == pytest.approx(0.0, abs=1e-6)


def test_little_evidence_is_believed_little_and_no_class_moves_further_than_it_may() -> None:
    mean = centred(SAD_AT_REST)
    known = KNOWN[Modality.FACE]
    short, half, long = (shift_of(mean, seconds, known)[Emotion.SAD] for seconds in (0.2, 2, 1e6))
    assert half == pytest.approx((mean - known.logs)[Emotion.SAD] / 2)
    assert 0 < short < half < long == known.most


def test_only_what_was_shown_within_the_capture_counts_and_each_second_once() -> None:
    # Of windows that overlap each second is new once; the first began before the capture.
    windows = [score(Modality.VOICE, end - 3.0, end, SAD_AT_REST) for end in (12.8, 13.0, 14.0)]
    capture = captured(
        [
            *windows,
            score(Modality.VOICE, 12.5, 15.5, SAD_AT_REST),
            score(Modality.FACE, 11.0, 11.0, SAD_AT_REST, coverage=0.5),
            score(Modality.TEXT, 12.0, 12.0, SAD_AT_REST),
        ],
        begin=10.0,
    )
    assert capture.seconds == {Modality.VOICE: 4.0, Modality.FACE: 0.5}


def test_nothing_seen_is_no_baseline() -> None:
    capture = captured([score(Modality.VOICE, 0.0, 3.0, SAD_AT_REST, coverage=0.0)])
    assert capture.seconds == {}
    assert capture.baseline() == Baseline()


def test_the_scores_of_a_capture_are_those_of_nobody_in_particular() -> None:
    own = OwnNeutral(captured(pictures(SAD_AT_REST)).baseline())
    assert own.take(pictures(SAD_AT_REST)[0]).probs.argmax() == Emotion.NEUTRAL
    own.capture = BaselineCapture(10.0, 15.0, KNOWN)
    for each in pictures(SAD_AT_REST, begin=10.0):
        assert own.take(each).probs.argmax() == Emotion.NEUTRAL
    again = own.capture.baseline().memory()
    assert again == own.baseline.memory()
    assert recalled(again).memory() == again


@given(probabilities, probabilities, st.floats(0.0, 30.0))
def test_shifted_scores_are_probabilities(rest: Scores, probs: Scores, seconds: float) -> None:
    shift = shift_of(centred(rest), seconds, KNOWN[Modality.FACE])
    found = Baseline({Modality.FACE: shift}).applied(score(Modality.FACE, 0.0, 0.0, probs)).probs
    assert found.sum() == pytest.approx(1.0, abs=1e-5)
    assert (found >= 0).all()
    assert np.abs(shift).max() <= KNOWN[Modality.FACE].most


@given(st.lists(probabilities, min_size=1, max_size=8), st.floats(-1e4, 1e4))
def test_the_session_clock_does_not_matter(shown: list[Scores], begin: float) -> None:
    def at(zero: float) -> Baseline:
        capture = BaselineCapture(zero, zero + 10.0, KNOWN)
        for number, probs in enumerate(shown, start=1):
            capture.add(score(Modality.FACE, zero + number, zero + number, probs))
        return capture.baseline()

    now, later = at(0.0).shifts[Modality.FACE], at(begin).shifts[Modality.FACE]
    assert now == pytest.approx(later, abs=1e-6)


def test_the_shipped_file_is_that_of_the_shipped_score_bank() -> None:
    # Else: python -m esapr.models_onnx.training.fusion.baseline --write
    bank = read("learning")
    for modality, neutral in neutrals().items():
        assert neutral.logs == pytest.approx(mean_of(bank[modality]))
        moved = shift_of(centred(UNIFORM), 1e9, neutral)
        assert moved == pytest.approx(np.clip(-neutral.logs, -neutral.most, neutral.most))
