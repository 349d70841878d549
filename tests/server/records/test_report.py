"""The report of a session, from its rows alone."""

import csv
from collections.abc import Sequence
from io import StringIO

import pytest
from msgspec.structs import replace

from esapr.protocol.messages import ModalityStates, State
from esapr.protocol.report import Report, Segment, Span, Transition, WarningSpan
from esapr.server.records.packing import recorded_state, state_row
from esapr.server.records.report import POINTS, Beside, report
from esapr.server.records.rows import Closing, EventRow, Recording
from esapr.server.records.table import table
from tests.server.records.stored import (
    DAY_MS,
    OPENED_MS,
    SESSION,
    TEXT,
    TOTALS,
    VOICE,
    facts,
    state,
)
from tests.server.records.stored import face as face_state


def recording(
    states: Sequence[State], events: Sequence[EventRow] = (), *, opened_ms: int = OPENED_MS
) -> Recording:
    rows = [state_row(each) for each in states]
    closing = Closing(SESSION, opened_ms + 60_000, "closed", TOTALS)
    return Recording(facts(opened_ms=opened_ms), closing, rows, list(events))


def report_of(
    states: Sequence[State], events: Sequence[EventRow] = (), earlier: Sequence[Recording] = ()
) -> Report:
    return report(recording(states, events), Beside(earlier), full=False)


def event(t_ms: int, kind: str, active: bool, label: str = "") -> EventRow:
    return EventRow(SESSION, t_ms, t_ms, kind, label, active)


@pytest.mark.parametrize("full", [False, True])
def test_a_session_without_states_has_a_report(full: bool) -> None:
    empty = report(Recording(facts(), None, [], []), Beside(), full=full)

    assert (empty.states, empty.recorded_ms, empty.timeline, empty.evidence) == (0, 0, [], {})
    assert (empty.expression, empty.blinks, empty.voice, empty.comparison) == (None,) * 4
    assert (empty.opened_at, empty.closed_at) == ("2026-11-18T11:06:40.000+00:00", None)


def test_shares_and_mean_weigh_states_by_their_length() -> None:
    brief = replace(state(1, "sad"), t_start_ms=1000, t_end_ms=1500)

    made = report_of([state(0, "happy"), brief])

    assert made.shares == {"happy": 0.6667, "sad": 0.3333}
    assert made.expression is not None
    happy, sad = (made.expression.probs[made.labels.index(each)] for each in ("happy", "sad"))
    assert happy == pytest.approx((0.7 * 1000 + 0.05 * 500) / 1500, abs=1e-4)
    assert sad == pytest.approx((0.05 * 1000 + 0.7 * 500) / 1500, abs=1e-4)
    assert made.recorded_ms == 1500


def test_what_stays_is_a_segment_and_what_follows_at_once_a_transition() -> None:
    labels = ["happy", "happy", "sad", "happy", "happy", None, "happy", "angry"]

    made = report_of([state(seq, label) for seq, label in enumerate(labels)])

    assert made.segments == [Segment("happy", 0, 2000, 0.7), Segment("happy", 3000, 5000, 0.7)]
    assert made.transitions == [
        Transition("happy", "angry", 1),
        Transition("happy", "sad", 1),
        Transition("sad", "happy", 1),
    ]
    assert made.abstained == {"no_face": 1}
    assert (made.states, made.fused) == (8, 7)


def test_a_time_without_states_is_a_gap_and_parts_a_segment() -> None:
    states = [state(0), state(1), state(8, start_ms=5000), state(9, start_ms=6000)]

    made = report_of(states)

    assert made.gaps == [Span(2000, 5000)]
    assert [(s.t_start_ms, s.t_end_ms) for s in made.segments] == [(0, 2000), (5000, 7000)]


def test_evidence_says_how_much_there_was_of_each_modality_and_how_good() -> None:
    states = [
        replace(state(0), modalities=ModalityStates(face=face_state(quality=["dark"]))),
        replace(state(1), modalities=ModalityStates(face=face_state(), voice=VOICE)),
        replace(state(2), modalities=ModalityStates(text=TEXT)),
        state(3, None),
    ]

    evidence = report_of(states).evidence

    assert {name: each.present for name, each in evidence.items()} == {
        "face": 0.5,
        "voice": 0.25,
        "text": 0.25,
    }
    assert (evidence["face"].coverage, evidence["face"].weight) == (0.8, 0.6)
    assert (evidence["face"].quality, evidence["voice"].quality) == ({"dark": 0.5}, {"clipped": 1})


def test_blinks_go_on_counting_when_another_gateway_does() -> None:
    # The counter of the second gateway begins at nought.
    states = [state(seq, face=face_state(n)) for seq, n in enumerate([1, 3, 3, 0, 2, 2])]

    blinks = report_of(states).blinks

    assert blinks is not None
    assert (blinks.total, blinks.per_minute) == (5, 50.0)


def test_speech_is_counted_in_turns_and_one_may_last_to_the_end() -> None:
    states = [replace(state(seq), modalities=ModalityStates(voice=VOICE)) for seq in range(10)]
    turns = [(2000, True), (4000, False), (7000, True)]

    voice = report_of(states, [event(t, "speaking", active) for t, active in turns]).voice

    assert voice is not None
    assert (voice.speaking_ms, voice.turns, voice.loudness_db) == (2000 + 3000, 2, -23.4)


def test_warnings_have_a_beginning_and_an_end_if_they_ended() -> None:
    events = [
        event(1000, "warning", True, "dark"),
        event(2000, "warning", True, "no_face"),
        event(3000, "warning", False, "dark"),
    ]

    assert report_of([state(0)], events).warnings == [
        WarningSpan("dark", 1000, 3000),
        WarningSpan("no_face", 2000, None),
    ]


@pytest.mark.parametrize(("count", "points"), [(1, 1), (POINTS, POINTS), (POINTS + 1, 151)])
def test_a_brief_timeline_covers_everything_in_few_points(count: int, points: int) -> None:
    timeline = report_of([state(seq) for seq in range(count)]).timeline

    assert len(timeline) == points
    assert sum(point.states for point in timeline) == count
    assert (timeline[0].t_start_ms, timeline[-1].t_end_ms) == (0, count * 1000)


def test_a_full_timeline_has_every_state() -> None:
    made = report(recording([state(seq) for seq in range(POINTS + 1)]), Beside(), full=True)

    assert [point.states for point in made.timeline] == [1] * (POINTS + 1)


def test_earlier_sessions_count_once_each_however_long_they_were() -> None:
    long = recording([state(seq, "happy") for seq in range(9)], opened_ms=OPENED_MS - DAY_MS)
    short = recording([state(0, "sad")], opened_ms=OPENED_MS - 2 * DAY_MS)
    silent = recording([state(0, None)], opened_ms=OPENED_MS - 3 * DAY_MS)

    made = report_of([state(0, "happy")], earlier=[long, short, silent])

    assert made.comparison is not None
    assert [each.fused for each in made.comparison.earlier] == [9, 1]
    change = dict(zip(made.labels, made.comparison.change.probs, strict=True))
    assert (change["happy"], change["sad"]) == (0.325, -0.325)


def test_the_table_leaves_empty_what_was_not_there() -> None:
    states = [state(0, face=face_state(3, ["dark", "blurred"])), state(1, None)]

    rows = list(csv.DictReader(StringIO(table(recorded_state(state_row(s)) for s in states))))

    assert (rows[0]["label"], rows[0]["fused_happy"], rows[0]["blinks_total"]) == (
        "happy",
        "0.7",
        "3",
    )
    assert (rows[0]["quality"], rows[0]["voice_weight"]) == ("dark blurred", "")
    assert (rows[1]["label"], rows[1]["abstain"], rows[1]["fused_happy"]) == ("", "no_face", "")
