"""A session that moves: what comes after is what would have come."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from esapr.inference.emotions import CLASSES, Emotion, Scores
from esapr.inference.face.blink import BlinkCounter
from esapr.inference.fusion import Fusion
from esapr.inference.memory import BlinkMemory, FusionMemory, TurnMemory
from esapr.inference.signals import (
    Box,
    Details,
    FaceDetails,
    Modality,
    ModalityScore,
    Quality,
    TextDetails,
    VoiceDetails,
)

ALL = tuple(Modality)
FACE = FaceDetails(Box(0.1, 0.2, 0.3, 0.4), np.ones((468, 2), np.float32), 7, 12.5)


def leaning(emotion: Emotion, prob: float) -> Scores:
    probs = np.full(CLASSES, (1 - prob) / (CLASSES - 1), np.float32)
    probs[emotion] = prob
    return probs


def score(details: Details, emotion: Emotion, end: float, *, start: float = 0.0) -> ModalityScore:
    modality = {FaceDetails: Modality.FACE, VoiceDetails: Modality.VOICE}.get(type(details))
    return ModalityScore(
        modality=modality or Modality.TEXT,
        start=start or end,
        end=end,
        probs=leaning(emotion, 0.8),
        coverage=0.9,
        details=details,
        quality=(Quality.DARK,),
    )


def at_work() -> Fusion:
    """Ten seconds in, with evidence of every modality."""
    fusion = Fusion(ALL)
    fusion.add(score(TextDetails(1), Emotion.HAPPY, 3.0))
    fusion.add(score(TextDetails(1), Emotion.SURPRISE, 8.0))
    fusion.add(score(VoiceDetails(1_800, -23.5), Emotion.HAPPY, 9.0, start=6.0))
    for number in range(20):
        fusion.add(score(FACE, Emotion.SAD if number < 15 else Emotion.HAPPY, 8.0 + number / 10))
    fusion.add_absence(Modality.FACE, 9.95)
    for second in range(10):
        fusion.state_at(second, second + 1)
    return fusion


def moved(fusion: Fusion, now: float) -> tuple[Fusion, int]:
    """A fusion elsewhere that goes on at ``now``, and the bytes that had to travel."""
    data = msgspec.msgpack.encode(fusion.memory(now))
    other = Fusion(ALL)
    other.recall(msgspec.msgpack.decode(data, type=FusionMemory))
    return other, len(data)


def test_the_states_after_a_move_are_those_that_would_have_come() -> None:
    here = at_work()
    there, size = moved(here, 10.0)
    assert size < 2_048
    for second in range(10, 16):
        expected, state = (each.state_at(second, second + 1) for each in (here, there))
        assert (state.fused is None, state.abstain) == (expected.fused is None, expected.abstain)
        if state.fused and expected.fused:
            assert state.fused.probs == pytest.approx(expected.fused.probs, abs=0.03)
        for modality, part in expected.modalities.items():
            assert state.modalities[modality].age == pytest.approx(part.age)
            assert state.modalities[modality].coverage == pytest.approx(part.coverage, abs=0.05)


def test_a_turn_of_the_face_and_what_was_named_move_along() -> None:
    here = Fusion(ALL)
    for second, emotion in enumerate((Emotion.SAD, Emotion.HAPPY)):
        for tenth in range(1, 11):
            here.add(score(FACE, emotion, second + tenth / 10))
        here.state_at(second, second + 1)
    there, _ = moved(here, 2.0)
    assert there.memory(2.0).turn == here.memory(2.0).turn == TurnMemory(3, pytest.approx(1.1), 3)


def test_what_is_shown_of_the_newest_evidence_stays_but_its_landmarks() -> None:
    there, _ = moved(at_work(), 10.0)
    parts = there.state_at(10.0, 10.1).modalities
    face = parts[Modality.FACE].newest
    assert isinstance(face.details, FaceDetails)
    shown = replace(face.details, landmarks=FACE.landmarks)
    assert (shown, face.quality) == (FACE, (Quality.DARK,))
    assert parts[Modality.VOICE].newest.details == VoiceDetails(1_800, -23.5)
    assert parts[Modality.VOICE].newest.start == 6.0
    assert parts[Modality.TEXT].count == 2


def test_a_fusion_without_evidence_moves_too() -> None:
    there, size = moved(Fusion(ALL), 0.0)
    assert size < 100
    assert there.state_at(0.0, 1.0) == Fusion(ALL).state_at(0.0, 1.0)


def test_blinks_go_on_with_the_person_s_own_threshold() -> None:
    here = BlinkCounter()
    # Narrow eyes: to a new counter the ratio of an open one would look like any other.
    for number in range(400):
        here.add(0.08 if number % 50 == 49 else 0.2, number / 15)
    assert here.total == 7
    memory = msgspec.msgpack.encode(here.memory())
    assert len(memory) < 1_024
    there = BlinkCounter()
    there.recall(msgspec.msgpack.decode(memory, type=BlinkMemory))
    assert there.per_minute == here.per_minute
    # The blink that was under way ends at the first open eye.
    for counter in (here, there):
        counter.add(0.2, 400 / 15)
        assert counter.total == 8
        counter.add(0.08, 401 / 15)
        assert counter.eyes_closed
