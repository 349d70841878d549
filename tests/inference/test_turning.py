"""A face that turns ends what was heard and read before it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.emotions import Emotion, Scores
from esapr.inference.fusion import Fusion
from esapr.inference.signals import Modality, ModalityScore, TextDetails
from esapr.inference.turning import Turning
from tests.inference.test_fusion import ALL, LEARNED, leaning, score, unsmoothed

HAPPY, SAD = leaning(Emotion.HAPPY), leaning(Emotion.SAD)
UNSURE = leaning(Emotion.SAD, 0.4)


def pictures(begin: float, end: float, probs: Scores) -> list[ModalityScore]:
    times = np.arange(begin, end - 1e-9, 0.2)
    return [score(Modality.FACE, probs, float(at)) for at in times]


def window(end: float, probs: Scores = HAPPY) -> ModalityScore:
    return ModalityScore(Modality.VOICE, end - 3.0, end, probs, 1.0, TextDetails(1))


def turned(*shown: list[ModalityScore]) -> Turning:
    """Look once a second at what a face showed."""
    turning = Turning()
    everything = [each for part in shown for each in part]
    for now in range(1, 1 + round(everything[-1].end + 0.6)):
        turning.look([each for each in everything if each.end < now], float(now))
    return turning


def test_what_ended_before_the_turn_is_left_out_and_a_window_counts_by_its_later_part() -> None:
    turning = turned(pictures(0, 2, HAPPY), pictures(2, 3, SAD))
    assert turning.since == 2.0
    assert turning.left(window(2.0)) == 0.0
    assert turning.left(window(3.5)) == pytest.approx(0.5)
    assert turning.left(window(6.0)) == 1.0
    assert turning.left(score(Modality.TEXT, HAPPY, 1.9)) == 0.0
    assert turning.left(score(Modality.TEXT, HAPPY, 2.0)) == 1.0


@pytest.mark.parametrize(
    "shown",
    [
        [pictures(0, 5, HAPPY)],
        [pictures(0, 2, HAPPY), pictures(2, 4, UNSURE)],
        [pictures(0, 2, HAPPY), pictures(2, 2.4, SAD), pictures(2.4, 4, HAPPY)],
        [pictures(3, 5, HAPPY)],
    ],
    ids=["the same", "unsure", "a blink of it", "only came"],
)
def test_it_takes_a_sure_change_that_lasts(shown: list[ModalityScore]) -> None:
    assert turned(*shown).left(window(0.0)) == 1.0


def test_a_voice_counts_by_what_was_said_after_the_turn() -> None:
    fusion = Fusion(ALL, unsmoothed())
    for now in (1, 2, 3):
        for each in pictures(now - 1, now, HAPPY if now < 3 else SAD):
            fusion.add(each)
        fusion.add(window(now - 0.15, leaning(Emotion.HAPPY, 0.95)))
        state = fusion.state_at(now - 1, now)
    voice = state.modalities[Modality.VOICE]
    assert voice.left == pytest.approx(0.85 / 3)
    whole = LEARNED.modalities[Modality.VOICE].exponent(voice.coverage, voice.age)
    assert voice.exponent == pytest.approx(whole * voice.left)


@given(st.permutations(pictures(0, 1.0, HAPPY)), st.permutations(pictures(1.0, 2.0, SAD)))
def test_the_order_of_pictures_within_a_tick_does_not_matter(
    first: list[ModalityScore], second: list[ModalityScore]
) -> None:
    turning = Turning()
    turning.look(first, 1.0)
    turning.look([*first, *second], 2.0)
    assert (turning.shows, turning.since) == (Emotion.SAD, 1.0)
