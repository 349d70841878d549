import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.emotions import CLASSES, UNIFORM, Emotion, Scores
from esapr.inference.fusion import Fusion, FusionConfig, certainty
from esapr.inference.signals import Abstain, Modality, ModalityScore, TextDetails

ALL = tuple(Modality)


def leaning(emotion: Emotion, prob: float = 0.8) -> Scores:
    probs = np.full(CLASSES, (1 - prob) / (CLASSES - 1), np.float32)
    probs[emotion] = prob
    return probs


def score(modality: Modality, probs: Scores, at: float, *, coverage: float = 1.0) -> ModalityScore:
    return ModalityScore(modality, at, at, probs, coverage, TextDetails(lines=1))


def unsmoothed() -> FusionConfig:
    return FusionConfig(smoothing_half_life=0.0)


def test_three_modalities_that_agree_are_surer_than_one() -> None:
    fusion = Fusion(ALL, unsmoothed())
    for modality in ALL:
        fusion.add(score(modality, leaning(Emotion.HAPPY, 0.6), 1.0))
    state = fusion.state_at(0.0, 1.0)
    assert state.fused is not None
    assert state.fused.probs.argmax() == Emotion.HAPPY
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


def test_a_sure_score_outweighs_an_unsure_one_and_a_covered_one_a_sparse_one() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY, 0.9), 1.0))
    fusion.add(score(Modality.VOICE, leaning(Emotion.SAD, 0.3), 1.0))
    parts = fusion.state_at(0.0, 1.0).modalities
    assert parts[Modality.FACE].weight > 0.9 > parts[Modality.VOICE].weight

    sparse = Fusion(ALL, unsmoothed())
    sparse.add(score(Modality.FACE, leaning(Emotion.HAPPY), 1.0))
    sparse.add(score(Modality.VOICE, leaning(Emotion.SAD), 1.0, coverage=0.2))
    parts = sparse.state_at(0.0, 1.0).modalities
    assert parts[Modality.FACE].weight == pytest.approx(5 * parts[Modality.VOICE].weight)


def test_after_a_pause_the_expression_moves_on_from_where_it_was() -> None:
    fusion = Fusion(ALL)
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY, 0.9), 9.9))
    before = fusion.state_at(9.0, 10.0).fused
    fusion.resume(70.0)
    assert fusion.state_at(69.5, 70.1).abstain is Abstain.WARMING_UP
    fusion.add(score(Modality.FACE, leaning(Emotion.SAD, 0.9), 70.2))
    after = fusion.state_at(70.1, 70.2).fused
    assert before is not None
    assert after is not None
    # A fifth of a half-life after the pause, however long that was.
    assert after.probs[Emotion.HAPPY] == pytest.approx(0.9 * 0.5**0.2, abs=0.02)


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
        (Modality.TEXT, Abstain.NO_TEXT),
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


def test_an_undecided_state_abstains() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY, 0.25), 1.0))
    state = fusion.state_at(0.0, 1.0)
    assert (state.fused, state.abstain) == (None, Abstain.LOW_CONFIDENCE)


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


def test_certainty_spans_zero_to_one() -> None:
    assert certainty(UNIFORM) == pytest.approx(0.0, abs=1e-6)
    assert certainty(np.eye(CLASSES, dtype=np.float32)[0]) == pytest.approx(1.0)


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
