"""A fused state as the message that goes out."""

from dataclasses import dataclass

import numpy as np
from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from numpy.typing import NDArray

from esapr.inference import signals
from esapr.inference.emotions import LABELS, Scores
from esapr.inference.explanation import explain
from esapr.inference.reliability import Learned
from esapr.inference.signals import (
    Box,
    EmotionState,
    FaceDetails,
    HeadPose,
    Modality,
    ModalityState,
    TextDetails,
    VoiceDetails,
)
from esapr.inference.trend import Trend
from esapr.protocol.explanations import Explanation, Share
from esapr.protocol.faces import Gaze, Head
from esapr.protocol.messages import (
    AbstainReason,
    DropCounts,
    FaceState,
    Fused,
    Latency,
    Level,
    ModalityStates,
    State,
    TextState,
)
from esapr.protocol.overlays import Activation, Overlay
from esapr.protocol.requests import Modality as ModalityName
from esapr.protocol.traits import Traits
from esapr.protocol.trends import Slope
from esapr.protocol.voice import Prosody, VoiceState


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a state message says besides the state itself.

    ``made`` is session time; None in a recording, where nobody waits for a state.
    """

    session: str
    participant: str
    seq: int
    made: float | None
    dropped: DropCounts
    level: Level
    muted: list[ModalityName]
    models: dict[str, str]
    learned: Learned | None = None
    """What the fusion went by, where states are to be explained."""
    traits: Traits | UnsetType = UNSET


def state_message(state: EmotionState, envelope: Envelope) -> State:
    """Return the wire message for a state."""
    return State(
        session=envelope.session,
        participant=envelope.participant,
        seq=envelope.seq,
        t_start_ms=round(state.start * 1000),
        t_end_ms=round(state.end * 1000),
        fused=fused_message(state),
        abstain=AbstainReason(state.abstain) if state.abstain else None,
        modalities=ModalityStates(
            face=_face(state.modalities.get(Modality.FACE)),
            voice=_voice(state.modalities.get(Modality.VOICE)),
            text=_text(state.modalities.get(Modality.TEXT)),
        ),
        latency=latency(state, envelope.made),
        dropped=envelope.dropped,
        level=envelope.level,
        muted=envelope.muted,
        models=envelope.models,
        explanation=_explanation(state, envelope.learned),
        traits=envelope.traits,
    )


def with_trend(message: State, trend: Trend) -> State:
    """Return ``message`` with where the last minute has been going, as far as that can be said."""
    fused = message.fused
    slope = trend.update(message.t_end_ms / 1000, (fused.valence, fused.arousal) if fused else None)
    return replace(message, trend=Slope(*(round(each, 4) for each in slope))) if slope else message


def latency(state: EmotionState, made: float | None) -> Latency:
    """Return the cost of the evidence that is new in this state: the slowest part of each stage."""
    new = [part.newest for part in state.modalities.values() if part.newest.end >= state.start]
    if not new or made is None:
        return Latency(0.0, 0.0, 0, 0.0)
    return Latency(
        capture_to_state_ms=round(max(0.0, *(made - score.end for score in new)) * 1000, 1),
        queue_ms=round(max(score.queue_ms for score in new), 2),
        batch_size=max(score.batch_size for score in new),
        infer_ms=round(max(score.infer_ms for score in new), 2),
    )


def overlay_message(at: float, face: FaceDetails | None) -> Overlay:
    """Return the wire message for a picture analysed, taken at ``at``."""
    return Overlay(
        t_ms=round(at * 1000),
        box=box_fractions(face.box) if face else None,
        landmarks=fractions(face.landmarks) if face else [],
        blinks_total=face.blinks_total if face else 0,
        activation=_activation(face.activation) if face and face.activation else UNSET,
    )


def _activation(found: signals.Activation) -> Activation:
    return Activation(
        label=LABELS[found.emotion],
        cells=[fractions(row) for row in found.cells],
        corners=fractions(found.corners),
    )


def fractions(values: NDArray[np.float32]) -> list[float]:
    """Return all values as the wire has them: four digits, which float32 cannot have."""
    rounded: list[float] = values.astype(np.float64).round(4).reshape(-1).tolist()
    return rounded


def box_fractions(box: Box) -> list[float]:
    """Return left, top, width and height as the wire has them: four digits."""
    return [round(value, 4) for value in (box.left, box.top, box.width, box.height)]


def rounded(probs: Scores) -> list[float]:
    """Return probabilities as the wire has them: four digits."""
    return [round(float(p), 4) for p in probs]


def fused_message(state: EmotionState) -> Fused | None:
    """Return the fused expression as the wire has it, or None if the state abstains."""
    if state.fused is None:
        return None
    return Fused(
        label=LABELS[int(state.fused.probs.argmax())],
        probs=rounded(state.fused.probs),
        confidence=round(state.fused.confidence, 4),
        valence=round(state.fused.valence, 4),
        arousal=round(state.fused.arousal, 4),
    )


def _explanation(state: EmotionState, learned: Learned | None) -> Explanation | UnsetType:
    if learned is None or state.pooled is None:
        return UNSET
    found = explain(state.pooled, state.modalities, learned)
    return Explanation(
        raw=rounded(state.pooled),
        first=LABELS[found.first],
        second=LABELS[found.second],
        log_odds=round(found.log_odds, 4),
        shares={
            modality.value: Share(
                log_odds=round(share.log_odds, 4),
                weight=share.weight,
                of_coverage=round(share.of_coverage, 4),
                of_age=round(share.of_age, 4),
                of_change=round(share.of_change, 4),
            )
            for modality, share in found.shares.items()
        },
    )


def _face(part: ModalityState | None) -> FaceState | UnsetType:
    if part is None or not isinstance(part.newest.details, FaceDetails):
        return UNSET
    details = part.newest.details
    return FaceState(
        probs=rounded(part.probs),
        weight=round(part.weight, 4),
        coverage=round(part.coverage, 4),
        age_ms=round(part.age * 1000),
        box=box_fractions(details.box),
        blinks_total=details.blinks_total,
        blink_rate=round(details.blinks_per_minute, 1),
        quality=[str(quality) for quality in part.newest.quality],
        head=_head(details.head) if details.head else UNSET,
        mouth_open=UNSET if details.mouth_open is None else round(details.mouth_open, 2),
        track=details.track,
        faces=details.faces,
        gaze=_gaze(details.gaze) if details.gaze else UNSET,
    )


def _head(pose: HeadPose) -> Head:
    return Head(yaw=round(pose.yaw, 1), pitch=round(pose.pitch, 1), roll=round(pose.roll, 1))


def _gaze(gaze: signals.Gaze) -> Gaze:
    return Gaze(yaw=round(gaze.yaw, 1), pitch=round(gaze.pitch, 1), away=gaze.away)


def _voice(part: ModalityState | None) -> VoiceState | UnsetType:
    if part is None or not isinstance(part.newest.details, VoiceDetails):
        return UNSET
    details = part.newest.details
    return VoiceState(
        probs=rounded(part.probs),
        weight=round(part.weight, 4),
        coverage=round(part.coverage, 4),
        age_ms=round(part.age * 1000),
        speech_ms=details.speech_ms,
        loudness_db=round(details.loudness_db, 1),
        quality=[str(quality) for quality in part.newest.quality],
        prosody=_prosody(details.prosody) if details.prosody else UNSET,
    )


def _prosody(found: signals.Prosody) -> Prosody:
    return Prosody(
        speaking=round(found.speaking, 2),
        pauses=found.pauses,
        pause_ms=found.pause_ms,
        pitch_hz=None if found.pitch_hz is None else round(found.pitch_hz, 1),
        pitch_range_st=None if found.pitch_range_st is None else round(found.pitch_range_st, 1),
        syllables_per_second=round(found.syllables_per_second, 1),
    )


def _text(part: ModalityState | None) -> TextState | UnsetType:
    if part is None or not isinstance(part.newest.details, TextDetails):
        return UNSET
    return TextState(
        probs=rounded(part.probs),
        weight=round(part.weight, 4),
        coverage=round(part.coverage, 4),
        age_ms=round(part.age * 1000),
        lines=part.count,
        quality=[str(quality) for quality in part.newest.quality],
        source=part.newest.details.source or UNSET,
    )
