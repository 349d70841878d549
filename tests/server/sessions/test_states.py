"""What a state says of a face besides its expression."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from msgspec import UNSET

from esapr.inference.signals import (
    Abstain,
    Box,
    EmotionState,
    FaceDetails,
    Gaze,
    HeadPose,
    Modality,
    ModalityScore,
    ModalityState,
)
from esapr.inference.trend import Trend
from esapr.protocol import faces
from esapr.protocol.messages import DropCounts, FaceState, State
from esapr.protocol.trends import Slope
from esapr.server.sessions.states import Envelope, state_message, with_trend

WIRE = Path(__file__).parents[2] / "wire"

PROBS = np.full(7, 1 / 7, np.float32)
SEEN = FaceDetails(
    Box(0.1, 0.2, 0.3, 0.4),
    np.zeros((468, 2), np.float32),
    blinks_total=3,
    blinks_per_minute=12.0,
    head=HeadPose(-12.44, 3.06, 1.0),
    gaze=Gaze(-28.26, -4.64, True),
)


def face(details: FaceDetails) -> FaceState:
    """Return the face of a state whose newest picture showed that."""
    score = ModalityScore(Modality.FACE, 0.5, 0.5, PROBS, 1.0, details)
    part = ModalityState(PROBS, 1.0, 1.0, 1.0, 0.5, 1, score)
    state = EmotionState(0.0, 1.0, None, Abstain.LOW_CONFIDENCE, {Modality.FACE: part})
    envelope = Envelope("s", "p", 0, 1.0, DropCounts(0, 0, 0), "full", [], {})
    found = state_message(state, envelope).modalities.face
    assert isinstance(found, FaceState)
    return found


def test_a_face_says_where_it_points_and_looks_in_tenths_of_a_degree() -> None:
    shown = face(SEEN)
    assert shown.head == faces.Head(yaw=-12.4, pitch=3.1, roll=1.0)
    assert shown.gaze == faces.Gaze(yaw=-28.3, pitch=-4.6, away=True)


def test_a_gaze_that_was_not_read_is_left_out() -> None:
    assert face(replace(SEEN, gaze=None)).gaze is UNSET


def test_a_state_says_where_the_last_minute_has_been_going() -> None:
    shown = msgspec.json.decode((WIRE / "state.json").read_bytes(), type=State)
    shown = msgspec.structs.replace(shown, trend=UNSET)
    assert shown.fused
    trend, said = Trend(), []
    for second in range(25):
        fused = msgspec.structs.replace(shown.fused, valence=second / 100)
        said.append(
            with_trend(
                msgspec.structs.replace(shown, fused=fused, t_end_ms=1000 * second), trend
            ).trend
        )
    assert said[:20] == [UNSET] * 20
    assert said[-1] == Slope(valence=0.6, arousal=0.0)
    silent = msgspec.structs.replace(shown, fused=None, t_end_ms=90_000)
    assert with_trend(silent, trend).trend is UNSET
