"""Windows that overlap, and another smoothing while a session runs."""

import pytest

from esapr.inference.emotions import Emotion
from esapr.inference.fusion import Fusion, FusionConfig
from esapr.inference.signals import Modality, ModalityScore, TextDetails
from tests.inference.test_fusion import ALL, LEARNED, leaning, score, unsmoothed


def windows(ends: tuple[float, ...], length: float) -> list[ModalityScore]:
    emotions = (Emotion.SAD, Emotion.HAPPY)
    return [
        ModalityScore(Modality.VOICE, end - length, end, leaning(each), 1.0, TextDetails(1))
        for end, each in zip(ends, emotions, strict=True)
    ]


def test_of_windows_that_overlap_only_the_newest_one_speaks() -> None:
    for length, heard in ((3.0, 1), (1.0, 2)):
        fusion = Fusion(ALL, unsmoothed())
        for each in windows((1.0, 2.0), length):
            fusion.add(each)
        voice = fusion.state_at(1.0, 2.0).modalities[Modality.VOICE]
        assert voice.count == heard
        assert (voice.probs[Emotion.SAD] > 0.1) == (heard == 2)


def test_another_half_life_goes_on_from_where_the_smoothing_is() -> None:
    fusion = Fusion(ALL, FusionConfig(LEARNED, smoothing_half_life=0.0))
    fusion.add(score(Modality.FACE, leaning(Emotion.HAPPY, 0.9), 1.0))
    assert fusion.state_at(0.0, 1.0).fused is not None
    fusion.smooth(1.0)
    assert fusion.half_life == 1.0
    fusion.add(score(Modality.FACE, leaning(Emotion.SAD, 0.9), 4.0))
    after = fusion.state_at(3.0, 4.0).fused
    assert after is not None
    assert after.probs[Emotion.HAPPY] == pytest.approx(0.9 / 8 + 7 / 8 / 60, abs=0.01)
    with pytest.raises(ValueError, match="negative"):
        fusion.smooth(-1.0)
    filtered = Fusion(ALL, FusionConfig(LEARNED, smoothing="bayes"))
    assert filtered.half_life is None
    with pytest.raises(ValueError, match="Bayesian"):
        filtered.smooth(1.0)
