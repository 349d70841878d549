"""What is remembered of a session that moves to another process: plain values, about 2 kB.

Probabilities travel as the bytes of float32 in native order: all gateways of a cluster are of one
kind.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

import numpy as np

from esapr.inference.emotions import Scores
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

MOST_EVIDENCE = 16
"""Pieces of evidence of a modality that are remembered, the newest ones."""

MOST_RATIOS = 32
"""Ratios of open eyes that are remembered, spread over those that count."""

_NO_LANDMARKS = np.zeros((0, 2), np.float32)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one picture, window or line that ended at ``at`` showed; None: nothing."""

    at: float
    score: ModalityScore | None


@dataclass(frozen=True, slots=True)
class Trace:
    """Evidence of one modality.

    ``items`` have a start, an end, a coverage and probabilities, empty for an absence. The other
    fields are those of the newest score, the only one whose details are shown.
    """

    items: list[tuple[float, float, float, bytes]]
    details: list[float]
    quality: list[Quality]


@dataclass(frozen=True, slots=True)
class TurnMemory:
    """What the face showed last, since when, and the class that was named last."""

    shows: int | None = None
    since: float = -inf
    named: int | None = None


@dataclass(frozen=True, slots=True)
class FusionMemory:
    """What a :class:`esapr.inference.fusion.Fusion` goes on from; ``smoothed`` as in a trace."""

    smoothed: bytes
    smoothed_at: float
    begun: float
    traces: dict[Modality, Trace]
    turn: TurnMemory = field(default_factory=TurnMemory)


@dataclass(frozen=True, slots=True)
class BlinkMemory:
    """What a :class:`esapr.inference.face.blink.BlinkCounter` goes on from.

    ``ratios`` are times and ratios of eyes, from which the person's own threshold follows.
    """

    total: int
    watched: float
    last: float | None
    closed_since: float | None
    ratios: list[tuple[float, float]]


def packed(probs: Scores | None) -> bytes:
    """Return probabilities as bytes; none as no bytes."""
    return b"" if probs is None else probs.astype(np.float32).tobytes()


def unpacked(data: bytes) -> Scores | None:
    """Return what :func:`packed` was given."""
    return np.frombuffer(data, np.float32) if data else None


def trace(evidence: Iterable[Evidence]) -> Trace:
    """Return what is remembered of ``evidence``, oldest first."""
    kept = list(evidence)[-MOST_EVIDENCE:]
    scores = [item.score for item in kept if item.score]
    newest = max(scores, key=lambda score: score.end, default=None)
    return Trace(
        [
            (item.score.start, item.at, item.score.coverage, packed(item.score.probs))
            if item.score
            else (item.at, item.at, 0.0, b"")
            for item in kept
        ],
        _numbers(newest.details) if newest else [],
        list(newest.quality) if newest else [],
    )


def recalled(modality: Modality, remembered: Trace) -> list[Evidence]:
    """Return the evidence of a trace. Every score has the details of the newest one."""
    evidence = []
    for start, at, coverage, data in remembered.items:
        probs = unpacked(data)
        score = None
        if probs is not None:
            details = _details(modality, remembered.details)
            quality = tuple(remembered.quality)
            score = ModalityScore(modality, start, at, probs, coverage, details, quality)
        evidence.append(Evidence(at, score))
    return evidence


def _numbers(details: Details) -> list[float]:
    match details:
        case FaceDetails(box=box):
            place = [box.left, box.top, box.width, box.height]
            return [*place, details.blinks_total, details.blinks_per_minute]
        case VoiceDetails():
            return [details.speech_ms, details.loudness_db]
        case TextDetails():
            return [details.lines]


def _details(modality: Modality, numbers: list[float]) -> Details:
    match modality:
        case Modality.FACE:
            *place, blinks, rate = numbers
            return FaceDetails(Box(*place), _NO_LANDMARKS, int(blinks), rate)
        case Modality.VOICE:
            speech, loudness = numbers
            return VoiceDetails(int(speech), loudness)
        case Modality.TEXT:
            return TextDetails(int(numbers[0]))
