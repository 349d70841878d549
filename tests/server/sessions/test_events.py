"""What begins, ends and happens in states and pictures."""

from dataclasses import replace

import numpy as np

from esapr.inference.emotions import CLASSES, LABELS
from esapr.inference.signals import (
    Box,
    EmotionState,
    FaceDetails,
    Fused,
    Modality,
    ModalityScore,
    ModalityState,
)
from esapr.protocol.events import Event
from esapr.server.sessions.events import Events

PROBS = np.full(CLASSES, 1 / CLASSES, np.float32)
FACE = FaceDetails(Box(0, 0, 1, 1), np.zeros((468, 2), np.float32), 0, 0.0)


def state(end: int, label: str | None = None, *, face_at: float | None = None) -> EmotionState:
    """The state of the second that ends at ``end``."""
    probs = PROBS.copy()
    fused = None
    if label is not None:
        probs[LABELS.index(label)] += 0.5
        fused = Fused(probs, 0.6, 0.0, 0.0)
    parts = {}
    if face_at is not None:
        score = ModalityScore(Modality.FACE, face_at, face_at, PROBS, 1.0, FACE)
        parts[Modality.FACE] = ModalityState(PROBS, 1.0, 1.0, 1.0, end - face_at, 1, score)
    return EmotionState(end - 1, end, fused, None, parts)


def test_an_expression_begins_when_it_lasts_and_ends_when_another_one_stays() -> None:
    events = Events()
    found = [
        events.in_state(state(second, label))
        for second, label in enumerate(("happy", "happy", "sad", "sad", None), start=1)
    ]

    assert found == [
        [],
        [Event("expression", 2_000, True, "happy")],
        [Event("expression", 3_000, False, "happy")],
        [Event("expression", 4_000, True, "sad")],
        [Event("expression", 5_000, False, "sad")],
    ]


def test_an_expression_of_one_state_is_no_event() -> None:
    events = Events()
    for second, label in enumerate(("happy", "sad", "happy", "fear", None, None), start=1):
        assert events.in_state(state(second, label)) == []


def test_a_face_that_left_the_picture_ends_though_its_evidence_still_counts() -> None:
    events = Events()
    found = [
        events.in_state(state(second, face_at=at))
        for second, at in enumerate((0.5, 1.5, 1.5, 1.5), start=1)
    ]

    assert found == [[], [Event("face", 2_000, True)], [Event("face", 3_000, False)], []]


def test_every_blink_is_told_once() -> None:
    events = Events()

    assert events.in_picture(1.0, FACE) == []
    assert events.in_picture(1.2, replace(FACE, blinks_total=1)) == [Event("blink", 1_200)]
    assert events.in_picture(1.4, None) == []
    assert events.in_picture(1.6, replace(FACE, blinks_total=3)) == [Event("blink", 1_600)] * 2
