"""What is counted, on the run's clock: no second passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.load_tests.result import Hole, LevelChange, Reconnect
from esapr.load_tests.running.ledger import Ledger
from esapr.load_tests.running.schedule import Stay
from esapr.load_tests.running.wire import Event, Joined, Left, Reconnected, Seen, Spent

END = 10.0


def stay(number: int = 0, joins_at: float = 0.0, leaves_at: float = END) -> Stay:
    return Stay(number, f"load-{number}", "webrtc", "", joins_at, leaves_at)


def seen(due_at: float, *, at: float | None = None, session: int = 0, **more: object) -> Seen:
    fields = {
        "delay_ms": 250.0,
        "fused": True,
        "right": True,
        "level": "full",
        "modalities": ["face"],
        **more,
    }
    return Seen(session=session, at=due_at + 0.01 if at is None else at, due_at=due_at, **fields)  # type: ignore[arg-type]


def ledger_of(*events: Event, stays: tuple[Stay, ...] = (stay(),)) -> Ledger:
    ledger = Ledger(stays)
    ledger.take(0, events)
    return ledger


def test_states_are_due_from_the_first_to_the_end_of_the_stay() -> None:
    ledger = ledger_of(*(seen(1.25 + n) for n in range(9)))

    (session,) = ledger.sessions(END)

    assert (session.due, session.received, session.fused) == (9, 9, 9)
    assert session.modalities == {"face": 9}
    assert session.holes == []
    assert [row.due for row in ledger.seconds(END)] == [0] + [1] * 9
    assert [row.received for row in ledger.seconds(END)] == [0] + [1] * 9


def test_a_state_that_is_late_is_received_and_one_that_never_comes_is_missing() -> None:
    late = seen(3.0, at=9.9, delay_ms=6_900.0)
    ledger = ledger_of(seen(1.0), seen(2.0), late, *(seen(4.0 + n) for n in range(3)), seen(8.0))

    totals = ledger.totals(END)

    assert (totals.due, totals.received) == (10, 7)
    assert totals.p99_ms == 6_900


def test_a_state_that_comes_twice_counts_once() -> None:
    assert ledger_of(seen(1.0), seen(1.004), seen(2.0)).totals(END).received == 2


def test_what_was_due_after_the_stay_does_not_count() -> None:
    events = [seen(1.0 + n) for n in range(12)]

    (session,) = ledger_of(*events, stays=(stay(leaves_at=5.0),)).sessions(END)

    assert (session.due, session.received) == (5, 5)


def test_a_session_that_is_lost_owes_the_states_of_its_whole_stay() -> None:
    lost = Left(0, 2.5, "the server ended the session")

    (session,) = ledger_of(seen(1.0), seen(2.0), lost).sessions(END)

    assert (session.due, session.received, session.lost) == (10, 2, lost.lost)
    assert session.left_at_seconds == 2.5
    assert session.holes == [Hole(2.01, 7.99, 8)]


def test_a_session_that_never_got_a_state_owes_all() -> None:
    totals = ledger_of(Left(0, 0.1, "refused")).totals(END)

    assert (totals.due, totals.received, totals.lost_sessions) == (10, 0, 1)


def test_a_hole_that_a_resume_fills_misses_nothing() -> None:
    replayed = [seen(3.0 + n, at=6.2) for n in range(4)]
    ledger = ledger_of(
        seen(1.0), seen(2.0), Reconnected(0, 2.4, 3.7, 1006), *replayed, seen(7.0), seen(8.0)
    )

    (session,) = ledger.sessions(9.0)

    assert session.holes == [Hole(2.01, pytest.approx(4.19), 0)]  # type: ignore[arg-type]
    assert session.reconnects == [Reconnect(2.4, 3.7, 1006)]
    assert ledger.totals(END).reconnects == 1


def test_a_hole_with_missing_states_counts_them() -> None:
    (session,) = ledger_of(
        seen(1.0), seen(2.0), seen(6.0), *(seen(7.0 + n) for n in range(4))
    ).sessions(END)

    assert session.holes == [Hole(2.01, 4.0, 3)]
    assert session.due - session.received == 3


def test_accuracy_is_over_judged_states() -> None:
    events = [
        seen(1.0, right=None),
        seen(2.0, right=False),
        seen(3.0),
        seen(4.0, fused=False, right=None),
    ]

    totals = ledger_of(*events).totals(4.5)

    assert (totals.judged, totals.right, totals.fused, totals.received) == (2, 1, 3, 4)


def test_levels_that_change_are_told() -> None:
    ledger = ledger_of(seen(1.0), seen(2.0, level="reduced"), seen(3.0, level="reduced"), seen(4.0))

    assert ledger.level_changes() == [
        LevelChange(2.01, "load-0", "reduced"),
        LevelChange(4.01, "load-0", "full"),
    ]
    assert ledger.seconds(END)[2].levels == {"reduced": 1}


def test_a_driver_that_dies_takes_its_sessions_with_it_but_those_that_had_left() -> None:
    both = (stay(0, leaves_at=2.0), stay(1))
    ledger = ledger_of(Joined(1, 0.2, 200.0), Left(0, 2.0, ""), stays=both)

    ledger.abandon(both, 5.0, "harness process 0 ended with status -9")

    first, second = ledger.sessions(END)
    assert first.lost == ""
    assert second.lost == "harness process 0 ended with status -9"
    assert (ledger.present(4.0), ledger.present(6.0)) == (1, 0)


def test_processor_time_is_that_of_all_drivers() -> None:
    ledger = Ledger([])
    ledger.take(0, [Spent(1.0), Spent(2.0)])
    ledger.take(1, [Spent(0.5)])

    assert ledger.cpu_seconds == 2.5


@given(
    came=st.sets(st.integers(0, 30)),
    jitter=st.lists(st.floats(-0.2, 0.2), min_size=31, max_size=31),
    first=st.integers(1, 30).map(lambda tenths: tenths / 10 + 0.05),
)
def test_received_and_missing_are_what_is_due(
    came: set[int], jitter: list[float], first: float
) -> None:
    events = [seen(first + tick + jitter[tick] * bool(tick)) for tick in sorted({0, *came})]
    ledger = ledger_of(*events, stays=(stay(leaves_at=20.0),))

    (session,) = ledger.sessions(20.0)

    due = {tick for tick in range(31) if first + tick <= 20.0}
    assert session.due == len(due)
    assert session.received == len(due & {0, *came})
    assert sum(row.due for row in ledger.seconds(21.0)) == session.due
    assert sum(hole.missing for hole in session.holes) <= session.due - session.received
