from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.emotions import CLASSES, UNIFORM, Emotion, Scores
from esapr.inference.fusion import Fusion, FusionConfig, pool
from esapr.inference.reliability import parse
from esapr.inference.signals import Abstain, Modality, ModalityScore, Quality, TextDetails
from tests.inference.fusion_files import FILE

ALL = tuple(Modality)
LEARNED = parse(FILE)


def leaning(emotion: Emotion, prob: float = 0.8) -> Scores:
    probs = np.full(CLASSES, (1 - prob) / (CLASSES - 1), np.float32)
    probs[emotion] = prob
    return probs


def score(
    modality: Modality,
    probs: Scores,
    at: float,
    *,
    coverage: float = 1.0,
    quality: tuple[Quality, ...] = (),
) -> ModalityScore:
    return ModalityScore(modality, at, at, probs, coverage, TextDetails(lines=1), quality)


def unsmoothed() -> FusionConfig:
    return FusionConfig(LEARNED, smoothing_half_life=0.0)


def test_three_modalities_that_agree_are_surer_than_one() -> None:
    fusion = Fusion(ALL, unsmoothed())
    for modality in ALL:
        fusion.add(score(modality, leaning(Emotion.HAPPY, 0.6), 1.0))
    state = fusion.state_at(0.0, 1.0)
    assert state.fused is not None
    assert state.fused.probs.argmax() == Emotion.HAPPY
    assert state.fused.confidence > 0.9
    assert sum(part.weight for part in state.modalities.values()) == pytest.approx(1.0)
    assert state.fused.valence > 0.3


def test_a_modality_without_evidence_has_no_weight() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, leaning(Emotion.SAD), 1.0))
    state = fusion.state_at(0.0, 1.0)
    assert set(state.modalities) == {Modality.FACE}
    assert state.modalities[Modality.FACE].weight == pytest.approx(1.0)


def test_weight_falls_with_age() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.TEXT, leaning(Emotion.SAD), 0.0))
    weights = []
    for now in (1.0, 5.0, 12.0):
        fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY), now))
        weights.append(fusion.state_at(now - 1, now).modalities[Modality.TEXT].weight)
    assert weights[0] > weights[1] > weights[2] > 0


def test_evidence_past_its_horizon_is_forgotten() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY), 10.0))
    assert Modality.FACE in fusion.state_at(11.0, 12.0).modalities
    assert Modality.FACE not in fusion.state_at(12.0, 12.1).modalities


def test_a_covered_score_outweighs_a_sparse_one() -> None:
    sparse = Fusion(ALL, unsmoothed())
    sparse.add(score(Modality.FACE, leaning(Emotion.HAPPY), 1.0))
    sparse.add(score(Modality.TEXT, leaning(Emotion.SAD), 1.0, coverage=0.2))
    state = sparse.state_at(0.0, 1.0)
    parts = state.modalities
    assert parts[Modality.FACE].weight == pytest.approx(5 * parts[Modality.TEXT].weight)
    assert state.fused is not None
    assert state.fused.probs.argmax() == Emotion.HAPPY


def test_the_file_says_which_modality_is_believed() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, leaning(Emotion.NEUTRAL, 0.6), 1.0))
    fusion.add(score(Modality.VOICE, leaning(Emotion.SURPRISE, 0.6), 1.0))
    state = fusion.state_at(0.0, 1.0)
    assert state.fused is not None
    assert state.fused.probs.argmax() == Emotion.SURPRISE
    assert state.modalities[Modality.VOICE].weight == pytest.approx(2 / 3)


def test_the_pool_is_the_product_of_powers() -> None:
    fusion = Fusion(ALL, unsmoothed())
    face, voice = leaning(Emotion.HAPPY, 0.5), leaning(Emotion.SAD, 0.4)
    fusion.add(score(Modality.FACE, face, 1.0))
    fusion.add(score(Modality.VOICE, voice, 1.0, coverage=0.5))
    state = fusion.state_at(0.0, 1.0)
    expected = face * voice**1.0
    assert state.pooled is not None
    assert state.pooled == pytest.approx(expected / expected.sum(), abs=1e-5)
    assert pool([]) == pytest.approx(UNIFORM)


def test_the_pooled_probabilities_are_those_before_smoothing() -> None:
    fusion = Fusion(ALL, FusionConfig(LEARNED, smoothing_half_life=10.0))
    for at, emotion in ((1.0, Emotion.HAPPY), (4.0, Emotion.SAD)):
        fusion.add(score(Modality.FACE, leaning(emotion), at))
        state = fusion.state_at(at - 1, at)
    assert state.pooled is not None
    assert state.pooled.argmax() == Emotion.SAD
    assert state.fused is not None
    assert state.fused.probs.argmax() == Emotion.HAPPY


def test_the_bayesian_filter_gathers_what_is_shown_again() -> None:
    fusion = Fusion(ALL, FusionConfig(LEARNED, smoothing="bayes"))
    confidences = []
    for at in (1.0, 2.0, 3.0):
        fusion.add(score(Modality.FACE, leaning(Emotion.SAD, 0.55), at))
        state = fusion.state_at(at - 1, at)
        assert state.fused is not None
        confidences.append(state.fused.confidence)
    assert confidences[0] < confidences[1] < confidences[2]


def test_after_a_pause_the_expression_moves_on_from_where_it_was() -> None:
    fusion = Fusion(ALL, FusionConfig(LEARNED, smoothing_half_life=0.3))
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY, 0.9), 9.9))
    before = fusion.state_at(9.0, 10.0).fused
    fusion.resume(70.0)
    assert fusion.state_at(69.5, 70.1).abstain is Abstain.WARMING_UP
    fusion.add(score(Modality.FACE, leaning(Emotion.SAD, 0.9), 70.2))
    after = fusion.state_at(70.1, 70.2).fused
    assert before is not None
    assert after is not None
    # Two thirds of a half-life after the pause, however long that was.
    assert after.probs[Emotion.HAPPY] == pytest.approx(0.86 * 0.5 ** (0.2 / 0.3), abs=0.05)


def test_pictures_without_a_face_lower_the_coverage() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY), 1.0))
    fusion.add_absence(Modality.FACE, 1.0)
    assert fusion.state_at(0.0, 1.0).modalities[Modality.FACE].coverage == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("absent", "reason"),
    [
        (Modality.FACE, Abstain.NO_FACE),
        (Modality.VOICE, Abstain.NO_SPEECH),
        (Modality.TEXT, Abstain.INSUFFICIENT_TEXT),
    ],
)
def test_a_state_without_evidence_says_what_is_missing(absent: Modality, reason: Abstain) -> None:
    fusion = Fusion(ALL)
    fusion.add_absence(absent, 9.5)
    state = fusion.state_at(9.0, 10.0)
    assert (state.fused, state.abstain) == (None, reason)


def test_the_first_seconds_are_warm_up_not_absence() -> None:
    fusion = Fusion(ALL)
    fusion.add_absence(Modality.FACE, 0.5)
    assert fusion.state_at(0.0, 1.0).abstain is Abstain.WARMING_UP
    assert Fusion(ALL).state_at(9.0, 10.0).abstain is Abstain.NO_EVIDENCE
    assert Fusion((Modality.TEXT,)).state_at(9.0, 10.0).abstain is Abstain.NO_TEXT


def test_a_uniform_score_carries_no_weight() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, UNIFORM, 1.0))
    assert fusion.state_at(0.0, 1.0).fused is None


def test_one_zero_does_not_veto_a_class() -> None:
    fusion = Fusion(ALL, unsmoothed())
    certain = np.eye(CLASSES, dtype=np.float32)[Emotion.SAD]
    fusion.add(score(Modality.TEXT, certain, 1.0, coverage=0.2))
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY, 0.95), 1.0))
    state = fusion.state_at(0.0, 1.0)
    assert state.fused is not None
    assert state.fused.probs[Emotion.HAPPY] > 0.1


def any_likely(raw: list[float]) -> bool:
    return max(raw) > 1e-3


evidence = st.lists(
    st.tuples(
        st.sampled_from(ALL),
        st.floats(0, 30),
        st.floats(0, 1),
        st.lists(st.floats(0, 1), min_size=CLASSES, max_size=CLASSES).filter(any_likely),
    ),
    max_size=80,
)


@given(evidence)
def test_whatever_comes_weights_and_probabilities_are_distributions(
    items: list[tuple[Modality, float, float, list[float]]],
) -> None:
    fusion = Fusion(ALL)
    for modality, at, coverage, raw in items:
        probs = np.asarray(raw, np.float32) / np.float32(sum(raw))
        fusion.add(score(modality, probs, at, coverage=coverage))
    for end in (5.0, 10.0, 30.0):
        state = fusion.state_at(end - 1, end)
        weights = [part.weight for part in state.modalities.values()]
        assert all(0 <= weight <= 1 + 1e-9 for weight in weights)
        assert sum(weights) == pytest.approx(1.0) or sum(weights) == 0
        assert (state.fused is None) == (state.abstain is not None)
        if state.fused:
            assert state.fused.probs.sum() == pytest.approx(1.0, abs=1e-4)
            assert -1 <= state.fused.valence <= 1


def probabilities(raw: list[float]) -> Scores:
    return np.asarray(raw, np.float32) / np.float32(sum(raw))


@given(evidence.filter(bool), st.randoms(use_true_random=False))
def test_the_order_of_arrival_within_a_tick_does_not_matter(
    items: list[tuple[Modality, float, float, list[float]]], random: Random
) -> None:
    kept = items[: FusionConfig().max_evidence]
    shuffled = random.sample(kept, len(kept))
    states = []
    for order in (kept, shuffled):
        fusion = Fusion(ALL, unsmoothed())
        for modality, at, coverage, raw in order:
            fusion.add(score(modality, probabilities(raw), at, coverage=coverage))
        states.append(fusion.state_at(29.0, 30.0))
    one, other = (state.pooled for state in states)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one == pytest.approx(other, abs=1e-5)


@given(evidence, st.sampled_from([1.0, 64.0, 1000.0]))
def test_a_shift_in_time_changes_nothing(
    items: list[tuple[Modality, float, float, list[float]]], shift: float
) -> None:
    found = []
    for offset in (0.0, shift):
        fusion = Fusion(ALL, FusionConfig(LEARNED, warm_up=-1.0))
        for modality, at, coverage, raw in items:
            # A sixteenth of a second is a float's own, whatever is added to it.
            moved = round(at * 16) / 16 + offset
            fusion.add(score(modality, probabilities(raw), moved, coverage=coverage))
        found.append([fusion.state_at(t - 1 + offset, t + offset) for t in (10.0, 20.0, 30.0)])
    for one, other in zip(*found, strict=True):
        assert one.abstain is other.abstain
        if one.pooled is not None and other.pooled is not None:
            assert one.pooled == pytest.approx(other.pooled, abs=1e-6)


@given(evidence, st.floats(0, 30))
def test_more_evidence_never_lowers_the_coverage(
    items: list[tuple[Modality, float, float, list[float]]], at: float
) -> None:
    fusion = Fusion((Modality.TEXT,), unsmoothed())
    for _, each, coverage, raw in items[:60]:
        fusion.add(score(Modality.TEXT, probabilities(raw), each, coverage=coverage))
    before = fusion.state_at(29.0, 30.0).modalities.get(Modality.TEXT)
    fusion.add(score(Modality.TEXT, UNIFORM, at))
    after = fusion.state_at(29.0, 30.0).modalities.get(Modality.TEXT)
    if before is not None:
        assert after is not None
        assert after.coverage >= before.coverage - 1e-9


def test_a_muted_modality_has_no_part_in_a_state_and_leaves_nothing_behind() -> None:
    fusion = Fusion((Modality.FACE, Modality.TEXT))
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY), 1.0))
    fusion.add(score(Modality.TEXT, leaning(Emotion.SAD), 1.0))
    fusion.mute(Modality.FACE, True)
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY), 1.1))
    assert set(fusion.state_at(0.0, 1.2).modalities) == {Modality.TEXT}
    fusion.mute(Modality.FACE, False)
    assert set(fusion.state_at(1.2, 1.3).modalities) == {Modality.TEXT}
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY), 1.4))
    assert set(fusion.state_at(1.3, 1.5).modalities) == {Modality.FACE, Modality.TEXT}


def test_with_everything_muted_the_state_says_so() -> None:
    fusion = Fusion((Modality.FACE,))
    fusion.mute(Modality.FACE, True)
    fusion.add_absence(Modality.FACE, 9.0)
    assert fusion.state_at(9.0, 10.0).abstain is Abstain.MUTED
