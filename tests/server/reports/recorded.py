"""One session with everything that a report may have, and its report."""

from msgspec.structs import replace

from esapr.protocol.messages import ModalityStates, State
from esapr.protocol.report import Expression, Report
from esapr.protocol.requests import ModelInfo
from esapr.server.records.packing import state_row
from esapr.server.records.report import Beside, report
from esapr.server.records.rows import Closing, EventRow, LineRow, Recording
from esapr.server.reports.beside import Background
from tests.server.records.stored import (
    DAY_MS,
    OPENED_MS,
    SESSION,
    TEXT,
    TOTALS,
    TRAITS,
    VOICE,
    face,
    facts,
    probs,
    state,
)

NOTICE = "With your consent, a computer analyses.\n\nYou decide freely."
MODELS = [
    ModelInfo("face_expression", "2.0.0", "face_expression", "0" * 64, "Apache-2.0", False),
]
BACKGROUND = Background(NOTICE, MODELS)
_LABELS = ["happy", "happy", "happy", "sad", "sad", None, "neutral", "neutral", "fear", "happy"]


def _states() -> list[State]:
    states = []
    for seq, label in enumerate(_LABELS):
        # A hole of five seconds lies before the seventh.
        each = state(seq, label, start_ms=seq * 1000 + (5000 if seq >= 6 else 0))
        parts = ModalityStates(face=face(seq // 2, ["dark"] if seq == 4 else []), voice=VOICE)
        if seq == 7:
            parts = replace(parts, text=TEXT)
            each = replace(each, traits=TRAITS)
        states.append(replace(each, modalities=parts))
    return states


def recording(opened_ms: int = OPENED_MS) -> Recording:
    events = [
        EventRow(SESSION, 1000, 0, "speaking", "", True),
        EventRow(SESSION, 3500, 1, "speaking", "", False),
        EventRow(SESSION, 4000, 2, "warning", "dark", True),
    ]
    closing = Closing(SESSION, opened_ms + 16_000, "closed", TOTALS)
    return Recording(
        facts(opened_ms=opened_ms), closing, [state_row(each) for each in _states()], events
    )


def whole_report(*, full: bool = False) -> Report:
    lines = [LineRow(SESSION, 1, 1, "chat", "The <garden> is wonderful, my garden & yours")]
    people = [Expression(probs("neutral"), 0.7, -0.25, 0.125)] * 10
    before = [LineRow(SESSION, 1, 1, "chat", "A garden")]
    beside = Beside([recording(OPENED_MS - DAY_MS)], lines, people, before)
    return report(recording(), beside, full=full)


def empty_report() -> Report:
    return report(Recording(facts(), None, [], []), Beside(), full=False)
