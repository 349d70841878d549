"""The report of a session, from what is stored of it. No asyncio, no clock."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import convert
from msgspec.structs import replace

from esapr.inference.emotions import LABELS
from esapr.protocol.report import (
    Absence,
    Blinks,
    Cohort,
    EarlierSession,
    Expression,
    Receipt,
    RecordedState,
    Report,
    VoiceSignals,
    WarningSpan,
    Word,
)
from esapr.protocol.requests import Consent
from esapr.protocol.traits import Traits
from esapr.server.records import summary
from esapr.server.records.absence import absences
from esapr.server.records.comparison import cohort, comparison
from esapr.server.records.packing import recorded_state
from esapr.server.records.rows import EventRow, LineRow, Recording
from esapr.server.records.voice import voice_signals
from esapr.server.records.words import frequent_words

POINTS = 300
"""Points of a brief timeline at most."""

EARLIER_SESSIONS = 5
"""Sessions that one is compared with at most."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a session is read with.

    ``earlier`` are the participant's sessions before it, newest first; ``lines`` what was kept of
    its text, ``earlier_lines`` of theirs; ``people`` the means of a group, one a person, or why
    there is none.
    """

    earlier: Sequence[Recording] = ()
    lines: Sequence[LineRow] = ()
    people: Sequence[Expression] | Absence = "off"
    earlier_lines: Sequence[LineRow] = ()

    @property
    def without_group(self) -> Absence:
        """Why there is no group, if there is none."""
        return self.people if isinstance(self.people, str) else "too_few"


def report(recording: Recording, beside: Beside, *, full: bool) -> Report:
    """Return the report of ``recording``, with every state in its timeline if it is ``full``."""
    facts, closing = recording.facts, recording.closing
    states = [recorded_state(row) for row in recording.states]
    mean = summary.expression(states)
    earlier = [session for recording in beside.earlier if (session := _earlier(recording))]
    made = Report(
        session=facts.session,
        participant=facts.person.participant,
        opened_at=moment(facts.opened_ms),
        closed_at=moment(closing.closed_ms) if closing else None,
        reason=closing.reason if closing else None,
        recorded_ms=sum(map(summary.length, states)),
        tick_ms=facts.tick_ms,
        purpose=facts.purpose,
        consent=_receipt(facts.person.receipt),
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
        evidence=summary.evidence(states),
        blinks=_blinks(states),
        voice=_voice(states, recording.events),
        gaps=summary.gaps(states),
        warnings=_warnings(recording.events),
        timeline=summary.timeline(states, max(POINTS, len(states)) if full else POINTS),
        comparison=comparison(mean, earlier),
        words=_words(beside),
        traits=_traits(states),
        cohort=_cohort(mean, beside.people),
        absent={},
    )
    return replace(made, absent=absences(made, beside.without_group))


def mean_of(recording: Recording) -> Expression | None:
    """Return the mean expression of a session, if it has one."""
    return summary.expression([recorded_state(row) for row in recording.states])


def moment(unix_ms: int) -> str:
    """Return a time as RFC 3339 has it."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _receipt(receipt: Mapping[str, object]) -> Receipt:
    # What the receipt was for is told beside it.
    names = Consent.__struct_fields__
    given = convert({name: receipt[name] for name in names if name in receipt}, Consent)
    return Receipt(
        text_version=given.text_version,
        language=given.language,
        given_at=given.given_at.isoformat(),
        method=given.method,
        covers=given.covers,
    )


def _words(beside: Beside) -> list[Word] | None:
    if not beside.lines:
        return None
    lines, earlier = beside.lines, beside.earlier_lines
    return frequent_words((line.body for line in lines), (line.body for line in earlier))


def _cohort(mean: Expression | None, people: Sequence[Expression] | Absence) -> Cohort | None:
    return None if isinstance(people, str) else cohort(mean, people)


def _blinks(states: Sequence[RecordedState]) -> Blinks | None:
    faces = [(summary.length(s), s.modalities.face) for s in states if s.modalities.face]
    return summary.blinks(faces)


def _traits(states: Sequence[RecordedState]) -> Traits | None:
    """Return the newest traits: each are of all that was written before."""
    newest = next((state.traits for state in reversed(states) if state.traits), None)
    return newest if newest and newest.scores else None


def _voice(states: Sequence[RecordedState], events: Sequence[EventRow]) -> VoiceSignals | None:
    end_ms = states[-1].t_end_ms if states else 0
    turns = [
        (end_ms if end is None else end) - begin
        for _, begin, end in _spans([row for row in events if row.kind == "speaking"])
    ]
    return voice_signals(states, turns)


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


def _earlier(recording: Recording) -> EarlierSession | None:
    states = [recorded_state(row) for row in recording.states]
    mean = summary.expression(states)
    if mean is None:
        return None
    fused = sum(state.fused is not None for state in states)
    return EarlierSession(moment(recording.facts.opened_ms), fused, mean)
