"""A state that changes its mind has to be surer, until what it named before is gone."""

from dataclasses import replace

import numpy as np
import pytest

from esapr.inference.emotions import CLASSES, Emotion, Scores
from esapr.inference.naming import Naming
from esapr.inference.reliability import parse
from tests.inference.fusion_files import FILE

LEARNED = replace(parse(FILE), min_confidence=0.5, eased=0.1, raised=0.2, gone=0.2)


def probs(happy: float, sad: float) -> Scores:
    found = np.full(CLASSES, (1 - happy - sad) / (CLASSES - 2), np.float32)
    found[[Emotion.HAPPY, Emotion.SAD]] = happy, sad
    return found


@pytest.mark.parametrize(
    ("happy", "sad", "named"),
    [
        (0.55, 0.05, True),
        (0.45, 0.05, False),
        (0.25, 0.65, False),
        (0.21, 0.75, True),
        (0.1, 0.45, True),
        (0.1, 0.35, False),
    ],
)
def test_after_happy(happy: float, sad: float, named: bool) -> None:
    naming = Naming(LEARNED)
    assert naming.names(probs(0.9, 0.02))
    assert naming.names(probs(happy, sad)) is named


def test_the_first_one_needs_what_is_needed_for_itself() -> None:
    naming = Naming(LEARNED)
    assert not naming.names(probs(0.45, 0.05))
    assert naming.named is None
    assert naming.names(probs(0.5, 0.05))
    assert naming.named == Emotion.HAPPY
