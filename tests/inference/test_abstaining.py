"""Why a state names nothing although there is evidence."""

from esapr.inference.emotions import UNIFORM, Emotion
from esapr.inference.fusion import Fusion
from esapr.inference.signals import Abstain, Modality, Quality
from tests.inference.test_fusion import ALL, leaning, score, unsmoothed


def test_sure_modalities_that_disagree_make_the_state_abstain() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY, 0.7), 1.0))
    fusion.add(score(Modality.TEXT, leaning(Emotion.ANGRY, 0.7), 1.0))
    state = fusion.state_at(0.0, 1.0)
    assert (state.fused, state.abstain) == (None, Abstain.MODALITIES_DISAGREE)
    assert state.pooled is not None
    fusion.add(score(Modality.VOICE, leaning(Emotion.ANGRY, 0.7), 1.0))
    decided = fusion.state_at(0.0, 1.0)
    assert decided.fused is not None
    assert decided.fused.probs.argmax() == Emotion.ANGRY


def test_a_modality_that_hardly_counts_does_not_disagree() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY, 0.51), 1.0))
    fusion.add(score(Modality.TEXT, leaning(Emotion.ANGRY, 0.9), 1.0, coverage=0.1))
    assert fusion.state_at(0.0, 1.0).abstain is Abstain.LOW_CONFIDENCE


def test_an_undecided_state_blames_the_quality_if_all_of_it_is_poor() -> None:
    fusion = Fusion(ALL, unsmoothed())
    dark = score(Modality.FACE, leaning(Emotion.HAPPY, 0.25), 1.0, quality=(Quality.DARK,))
    fusion.add(dark)
    assert fusion.state_at(0.0, 1.0).abstain is Abstain.LOW_QUALITY
    fusion.add(score(Modality.TEXT, UNIFORM, 1.0))
    assert fusion.state_at(0.0, 1.0).abstain is Abstain.LOW_CONFIDENCE


def test_an_undecided_state_abstains() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY, 0.25), 1.0))
    state = fusion.state_at(0.0, 1.0)
    assert (state.fused, state.abstain) == (None, Abstain.LOW_CONFIDENCE)


def test_evidence_that_covers_nothing_is_shown_and_counts_for_nothing() -> None:
    fusion = Fusion(ALL, unsmoothed())
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY), 10.0, coverage=0.0))
    state = fusion.state_at(9.0, 10.0)
    assert (state.fused, state.abstain) == (None, Abstain.NO_FACE)
    assert state.modalities[Modality.FACE].weight == 0
    assert state.modalities[Modality.FACE].probs.argmax() == Emotion.HAPPY
