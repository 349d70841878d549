"""The report of a session, from what is stored of it. No asyncio, no clock."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from msgspec import UNSET

from esapr.inference.emotions import LABELS
from esapr.protocol.messages import VoiceState
from esapr.protocol.report import (
    Comparison,
    EarlierSession,
    Evidence,
    Expression,
    RecordedState,
    Report,
    VoiceSignals,
    WarningSpan,
)
from esapr.protocol.requests import Modality
from esapr.server.records import summary
from esapr.server.records.packing import recorded_state
from esapr.server.records.rows import EventRow, Recording

POINTS = 300
"""Points of a brief timeline at most."""

EARLIER_SESSIONS = 5
"""Sessions that one is compared with at most."""


def report(recording: Recording, earlier: Sequence[Recording], *, full: bool) -> Report:
    """Return the report of ``recording``, with every state in its timeline if it is ``full``.

    ``earlier`` are the participant's sessions before it, newest first.
    """
    facts, closing = recording.facts, recording.closing
    states = [recorded_state(row) for row in recording.states]
    recorded_ms = sum(map(summary.length, states))
    mean = summary.expression(states)
    faces = [(summary.length(s), s.modalities.face) for s in states if s.modalities.face]
    return Report(
        session=facts.session,
        participant=facts.person.participant,
        opened_at=moment(facts.opened_ms),
        closed_at=moment(closing.closed_ms) if closing else None,
        reason=closing.reason if closing else None,
        recorded_ms=recorded_ms,
        tick_ms=facts.tick_ms,
        modalities=facts.modalities,
        models=facts.models,
        labels=list(LABELS),
        totals=closing.totals if closing else None,
        states=len(states),
        fused=sum(state.fused is not None for state in states),
        abstained=dict(sorted(Counter(s.abstain.reason for s in states if s.abstain).items())),
        expression=mean,
        shares=summary.shares(states),
        segments=summary.segments(states),
        transitions=summary.transitions(states),
        evidence=_evidence(states, recorded_ms),
        blinks=summary.blinks(faces),
        voice=_voice(states, recording.events),
        gaps=summary.gaps(states),
        warnings=_warnings(recording.events),
        timeline=summary.timeline(states, max(POINTS, len(states)) if full else POINTS),
        comparison=_comparison(mean, earlier),
    )


def moment(unix_ms: int) -> str:
    """Return a time as RFC 3339 has it."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _evidence(states: Sequence[RecordedState], recorded_ms: int) -> dict[Modality, Evidence]:
    found: dict[Modality, list[tuple[int, summary.Part]]] = {}
    for state in states:
        span, parts = summary.length(state), state.modalities
        if parts.face is not UNSET:
            found.setdefault("face", []).append((span, parts.face))
        if parts.voice is not UNSET:
            found.setdefault("voice", []).append((span, parts.voice))
        if parts.text is not UNSET:
            found.setdefault("text", []).append((span, parts.text))
    return {modality: summary.evidence(parts, recorded_ms) for modality, parts in found.items()}


def _voice(states: Sequence[RecordedState], events: Sequence[EventRow]) -> VoiceSignals | None:
    heard = [(summary.length(s), s.modalities.voice) for s in states if s.modalities.voice]
    if not heard:
        return None
    turns = _spans([row for row in events if row.kind == "speaking"])
    end_ms = states[-1].t_end_ms
    return VoiceSignals(
        speaking_ms=sum((end_ms if end is None else end) - begin for _, begin, end in turns),
        turns=len(turns),
        loudness_db=_loudness(heard),
    )


def _loudness(heard: Sequence[tuple[int, VoiceState]]) -> float:
    levels = [voice.loudness_db for _, voice in heard]
    return round(float(np.average(levels, weights=[span for span, _ in heard])), 1)


def _warnings(events: Sequence[EventRow]) -> list[WarningSpan]:
    return [WarningSpan(*span) for span in _spans([r for r in events if r.kind == "warning"])]


def _spans(events: Sequence[EventRow]) -> list[tuple[str, int, int | None]]:
    """Return label, begin and end of each span that ``events`` open and close."""
    found: list[tuple[str, int, int | None]] = []
    opened: dict[str, int] = {}
    for event in events:
        if event.active:
            opened.setdefault(event.label, event.t_ms)
        elif event.label in opened:
            found.append((event.label, opened.pop(event.label), event.t_ms))
    found += [(label, begin, None) for label, begin in opened.items()]
    return sorted(found, key=lambda span: span[1])


def _comparison(mean: Expression | None, earlier: Sequence[Recording]) -> Comparison | None:
    sessions = [session for recording in earlier if (session := _earlier(recording))]
    if mean is None or not sessions:
        return None
    theirs = np.mean([_vector(session.expression) for session in sessions], axis=0)
    *probs, confidence, valence, arousal = (_vector(mean) - theirs).round(4)
    change = Expression(
        [float(p) for p in probs], float(confidence), float(valence), float(arousal)
    )
    return Comparison(sessions, change)


def _earlier(recording: Recording) -> EarlierSession | None:
    states = [recorded_state(row) for row in recording.states]
    mean = summary.expression(states)
    if mean is None:
        return None
    fused = sum(state.fused is not None for state in states)
    return EarlierSession(moment(recording.facts.opened_ms), fused, mean)


def _vector(mean: Expression) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([*mean.probs, mean.confidence, mean.valence, mean.arousal])
