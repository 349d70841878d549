import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.emotions import CLASSES, Emotion, Scores
from esapr.inference.explanation import explain
from esapr.inference.fusion import Fusion, FusionConfig
from esapr.inference.reliability import parse
from esapr.inference.signals import EmotionState, Modality, ModalityScore, TextDetails
from tests.inference.fusion_files import FILE

LEARNED = parse(FILE)

shown = st.lists(st.floats(0.01, 1), min_size=CLASSES, max_size=CLASSES)


def state_of(scores: dict[Modality, tuple[Scores, float, float]]) -> EmotionState:
    fusion = Fusion(tuple(Modality), FusionConfig(LEARNED))
    for modality, (probs, at, coverage) in scores.items():
        fusion.add(ModalityScore(modality, at, at, probs, coverage, TextDetails(1)))
    return fusion.state_at(1.0, 2.0)


@given(st.dictionaries(st.sampled_from(Modality), st.tuples(shown, st.floats(1, 2)), min_size=1))
def test_the_shares_sum_to_the_log_odds_of_the_pool(
    scores: dict[Modality, tuple[list[float], float]],
) -> None:
    state = state_of(
        {
            m: (np.asarray(raw, np.float32) / np.float32(sum(raw)), at, 0.8)
            for m, (raw, at) in scores.items()
        }
    )
    assert state.pooled is not None
    found = explain(state.pooled, state.modalities, LEARNED)
    assert found.first == state.pooled.argmax()
    assert found.first != found.second
    odds = float(np.log(state.pooled[found.first] / state.pooled[found.second]))
    assert found.log_odds == pytest.approx(odds, abs=1e-3)
    assert sum(each.log_odds for each in found.shares.values()) == pytest.approx(found.log_odds)


def test_what_a_modality_lost_and_what_speaks_against_the_first_class_is_told() -> None:
    happy = np.where(np.arange(CLASSES) == Emotion.HAPPY, 0.7, 0.05).astype(np.float32)
    sad = np.where(np.arange(CLASSES) == Emotion.SAD, 0.7, 0.05).astype(np.float32)
    state = state_of({Modality.FACE: (happy, 2.0, 0.5), Modality.VOICE: (sad, 0.5, 1.0)})
    assert state.pooled is not None
    found = explain(state.pooled, state.modalities, LEARNED)
    face, voice = found.shares[Modality.FACE], found.shares[Modality.VOICE]
    assert (found.first, found.second) == (Emotion.SAD, Emotion.HAPPY)
    assert voice.log_odds > 0 > face.log_odds
    assert (face.weight, face.of_coverage, face.of_age) == (1.0, 0.5, 1.0)
    # A half-life of the voice is a second and a half.
    assert (voice.weight, voice.of_coverage, voice.of_age) == (2.0, 1.0, 0.5)
    assert (face.of_change, voice.of_change) == (1.0, 1.0)
    assert face.exponent == pytest.approx(face.weight * face.of_coverage * face.of_age)
