"""Everything that is kept of one person, as one JSON document (docs/reference/records.md)."""

from msgspec import Struct

from esapr.inference.emotions import LABELS
from esapr.protocol.messages import Totals
from esapr.protocol.report import RecordedState
from esapr.protocol.requests import Modality
from esapr.server.records.packing import recorded_state
from esapr.server.records.report import moment
from esapr.server.records.rows import LineRow, NoteRow, Recording
from esapr.server.records.store import Store

FORMAT = "esapr-export-1"


class ExportedEvent(Struct, frozen=True):
    """An event or a warning."""

    t_ms: int
    kind: str
    label: str
    active: bool


class ExportedLine(Struct, frozen=True):
    """A line of text that the person agreed to have kept."""

    t_ms: int
    source: str
    body: str


class ExportedNote(Struct, frozen=True):
    """A note of somebody who followed the room; ``author`` is as the audit log names them."""

    t_ms: int
    kept_at: str
    author: str
    body: str


class ExportedSession(Struct, frozen=True):
    """One session; times are as in the report."""

    session: str
    room: str
    receipt: dict[str, object]
    opened_at: str
    closed_at: str | None
    reason: str | None
    totals: Totals | None
    keep_days: int | None
    tick_ms: int
    modalities: list[Modality]
    models: dict[str, str]
    states: list[RecordedState]
    events: list[ExportedEvent]
    lines: list[ExportedLine]
    notes: list[ExportedNote]


class Export(Struct, frozen=True):
    """One person's data; ``labels`` is the order of every ``probs``."""

    format: str
    exported_at: str
    participant: str
    labels: list[str]
    sessions: list[ExportedSession]


async def export(store: Store, holder: str, participant: str, now_ms: int) -> Export:
    """Return all that is kept of a holder's participant, oldest session first.

    Raises:
        RecordsError: no key opens it, or the database does not answer.
    """
    sessions = []
    for session in await store.of_person(holder, participant):
        recording = await store.read(session)
        if recording:
            lines, notes = await store.lines(session), await store.notes(session)
            sessions.append(_session(recording, lines, notes))
    return Export(FORMAT, moment(now_ms), participant, list(LABELS), sessions)


def _session(recording: Recording, lines: list[LineRow], notes: list[NoteRow]) -> ExportedSession:
    facts, closing = recording.facts, recording.closing
    return ExportedSession(
        session=facts.session,
        room=facts.person.room,
        receipt=facts.person.receipt,
        opened_at=moment(facts.opened_ms),
        closed_at=moment(closing.closed_ms) if closing else None,
        reason=closing.reason if closing else None,
        totals=closing.totals if closing else None,
        keep_days=facts.keep_days,
        tick_ms=facts.tick_ms,
        modalities=facts.modalities,
        models=facts.models,
        states=[recorded_state(row) for row in recording.states],
        events=[ExportedEvent(e.t_ms, e.kind, e.label, e.active) for e in recording.events],
        lines=[ExportedLine(line.t_ms, line.source, line.body) for line in lines],
        notes=[ExportedNote(n.t_ms, moment(n.kept_ms), n.author, n.body) for n in notes],
    )
