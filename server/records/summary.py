"""Means over recorded states. No asyncio, no clock.

Every state weighs as much as it is long.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from msgspec import UNSET

from esapr.inference.emotions import LABELS
from esapr.protocol.messages import TextState
from esapr.protocol.report import (
    Blinks,
    Evidence,
    Expression,
    Point,
    RecordedFace,
    RecordedState,
    Segment,
    Span,
    Transition,
)
from esapr.protocol.requests import Modality
from esapr.protocol.voice import VoiceState

SEGMENT_MS = 2_000
"""An expression that is shown for a shorter time is no segment."""

Part = RecordedFace | VoiceState | TextState


def expression(states: Sequence[RecordedState]) -> Expression | None:
    """Return the mean of the fused expressions, or None if there is none."""
    fused = [(length(state), state.fused) for state in states if state.fused]
    if not fused:
        return None
    weights = [span for span, _ in fused]
    rows = [[*f.probs, f.confidence, f.valence, f.arousal] for _, f in fused]
    *probs, confidence, valence, arousal = np.average(rows, axis=0, weights=weights).round(4)
    return Expression([float(p) for p in probs], float(confidence), float(valence), float(arousal))


def length(state: RecordedState) -> int:
    """Return how long a state is, in milliseconds; one at least, so that it counts."""
    return max(1, state.t_end_ms - state.t_start_ms)


def shares(states: Sequence[RecordedState]) -> dict[str, float]:
    """Return the share of the time with an expression in which each was the highest."""
    spans: dict[str, int] = {}
    for state in states:
        if state.fused:
            spans[state.fused.label] = spans.get(state.fused.label, 0) + length(state)
    total = sum(spans.values())
    return {label: round(spans[label] / total, 4) for label in LABELS if label in spans}


def runs(states: Sequence[RecordedState]) -> list[list[RecordedState]]:
    """Return the states with an expression, parted where it changes or there is a pause."""
    found: list[list[RecordedState]] = []
    last: RecordedState | None = None
    for state in states:
        if state.fused:
            goes_on = last and last.fused and last.t_end_ms >= state.t_start_ms
            if goes_on and last and last.fused and last.fused.label == state.fused.label:
                found[-1].append(state)
            else:
                found.append([state])
        last = state
    return found


def segments(states: Sequence[RecordedState]) -> list[Segment]:
    """Return the expressions that stayed for :data:`SEGMENT_MS` or longer."""
    found = []
    for run in runs(states):
        mean, label = expression(run), run[0].fused
        if mean and label and run[-1].t_end_ms - run[0].t_start_ms >= SEGMENT_MS:
            span = (run[0].t_start_ms, run[-1].t_end_ms)
            found.append(Segment(label.label, *span, mean.confidence))
    return found


def transitions(states: Sequence[RecordedState]) -> list[Transition]:
    """Return how often an expression followed another at once, the most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for before, after in pairwise(states):
        if before.fused and after.fused and before.t_end_ms >= after.t_start_ms:
            pair = before.fused.label, after.fused.label
            if pair[0] != pair[1]:
                counts[pair] = counts.get(pair, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Transition(*pair, count) for pair, count in ranked]


def evidence(states: Sequence[RecordedState]) -> dict[Modality, Evidence]:
    """Return what each modality brought."""
    found: dict[Modality, list[tuple[int, Part]]] = {}
    for state in states:
        span, parts = length(state), state.modalities
        if parts.face is not UNSET:
            found.setdefault("face", []).append((span, parts.face))
        if parts.voice is not UNSET:
            found.setdefault("voice", []).append((span, parts.voice))
        if parts.text is not UNSET:
            found.setdefault("text", []).append((span, parts.text))
    recorded_ms = sum(map(length, states))
    return {modality: _evidence(parts, recorded_ms) for modality, parts in found.items()}


def _evidence(parts: Sequence[tuple[int, Part]], recorded_ms: int) -> Evidence:
    weights = [span for span, _ in parts]
    covered = float(np.average([part.coverage for _, part in parts], weights=weights))
    weighed = float(np.average([part.weight for _, part in parts], weights=weights))
    flags: dict[str, int] = {}
    for span, part in parts:
        for flag in part.quality:
            flags[flag] = flags.get(flag, 0) + span
    total = sum(weights)
    return Evidence(
        present=round(total / recorded_ms, 4),
        coverage=round(covered, 4),
        weight=round(weighed, 4),
        quality={flag: round(span / total, 4) for flag, span in sorted(flags.items())},
    )


def blinks(faces: Sequence[tuple[int, RecordedFace]]) -> Blinks | None:
    """Return how often somebody blinked, or None without a face.

    The counter of the states begins anew where another gateway goes on.
    """
    if not faces:
        return None
    counts = [0, *(face.blinks_total for _, face in faces)]
    total = sum(after - before if after >= before else after for before, after in pairwise(counts))
    minutes = sum(span for span, _ in faces) / 60_000
    return Blinks(total, round(total / minutes, 1))


def gaps(states: Sequence[RecordedState]) -> list[Span]:
    """Return the times between states that are not there."""
    return [
        Span(before.t_end_ms, after.t_start_ms)
        for before, after in pairwise(states)
        if after.t_start_ms > before.t_end_ms
    ]


def timeline(states: Sequence[RecordedState], most: int) -> list[Point]:
    """Return ``most`` points at most, each of as many states."""
    step = max(1, -(-len(states) // most))
    return [_point(states[start : start + step]) for start in range(0, len(states), step)]


def _point(states: Sequence[RecordedState]) -> Point:
    mean = expression(states)
    label = LABELS[int(np.argmax(mean.probs))] if mean else None
    span = states[0].t_start_ms, states[-1].t_end_ms
    return Point(*span, len(states), label, mean, evidence(states))
