"""The comparison of two ways through a clip, on states made by hand."""

import numpy as np
import pytest

from esapr.inference.signals import EmotionState, Fused
from esapr.load_tests.bench.stillness import Seen, difference


def seen(*classes: int | None) -> Seen:
    states = []
    for start, index in enumerate(classes):
        probs = np.full(7, 0.1, np.float32)
        if index is not None:
            probs[index] = 0.4
        fused = None if index is None else Fused(probs, 0.4, 0.0, 0.0)
        states.append(EmotionState(start, start + 1, fused, None))
    return Seen(states, analysed=len(states), blinks=0)


def test_states_that_abstain_alike_are_the_same() -> None:
    assert difference(seen(1, None, 3), seen(1, None, 3)).same_class == 3


def test_another_class_and_a_state_that_only_one_has_are_different() -> None:
    found = difference(seen(1, None, 3, 4), seen(1, 2, 5, None))

    assert (found.same_class, found.states) == (1, 4)
    assert found.largest == pytest.approx(0.3)
    assert found.mean == pytest.approx(0.3 * 2 / 14)
