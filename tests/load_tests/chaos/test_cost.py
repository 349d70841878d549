"""What faults cost, from what sessions saw."""

from esapr.load_tests.chaos.cost import Done, outcomes
from esapr.load_tests.result import Hole, Reconnect, Session

WORKER = Done("worker", 10.0, "killed worker process 7")
GATEWAY = Done("gateway", 40.0, "killed gateway 8")


def session(
    *holes: Hole, reconnects: tuple[Reconnect, ...] = (), left: float = 60.0, lost: str = ""
) -> Session:
    return Session(
        name="peer 0",
        kind="webrtc",
        joined_at_seconds=0.0,
        left_at_seconds=left,
        setup_ms=100.0,
        due=50,
        received=50,
        fused=50,
        judged=50,
        right=50,
        modalities={},
        p50_ms=200.0,
        p95_ms=300.0,
        holes=list(holes),
        reconnects=list(reconnects),
        lost=lost,
    )


def test_a_fault_that_nobody_noticed_cost_nothing() -> None:
    (worker,) = outcomes([WORKER], [session(), session()])
    assert (worker.kind, worker.at_seconds, worker.note) == (
        "worker",
        10.0,
        "killed worker process 7",
    )
    assert (worker.sessions_lost, worker.states_lost) == (0, 0)
    assert (worker.cadence_seconds, worker.resumed_seconds) == (0.0, 0.0)


def test_cadence_and_feeds_are_back_when_those_of_the_last_session_are() -> None:
    _, gateway = outcomes(
        [WORKER, GATEWAY],
        [
            session(Hole(39.5, 4.0, 3), reconnects=(Reconnect(40.1, 3.2, 1006),)),
            session(Hole(39.8, 5.5, 4), reconnects=(Reconnect(40.0, 2.5, 1006),)),
        ],
    )
    assert gateway.states_lost == 7
    assert gateway.cadence_seconds == 45.3 - 40.0
    assert gateway.resumed_seconds is not None
    assert abs(gateway.resumed_seconds - 3.3) < 1e-9


def test_what_goes_wrong_is_laid_to_the_fault_before_it_or_within_it() -> None:
    before, between = Hole(5.0, 2.0, 1), Hole(20.0, 2.0, 1)
    long = Hole(39.0, 10.0, 9)
    worker, gateway = outcomes([WORKER, GATEWAY], [session(before, between, long)])
    assert (worker.states_lost, gateway.states_lost) == (1, 9)


def test_a_late_state_costs_cadence_only() -> None:
    (worker,) = outcomes([WORKER], [session(Hole(9.5, 6.0, 0))])
    assert (worker.states_lost, worker.cadence_seconds) == (0, 5.5)


def test_what_never_ended_has_no_length() -> None:
    hole, gone = Hole(11.0, 49.0, 49), Reconnect(11.0, None, 1006)
    (worker,) = outcomes([WORKER], [session(hole, reconnects=(gone,)), session(Hole(10.0, 3.0, 2))])
    assert (worker.states_lost, worker.cadence_seconds, worker.resumed_seconds) == (51, None, None)


def test_a_session_that_ended_is_lost_and_holds_up_nobody_s_cadence() -> None:
    ended = session(Hole(10.0, 5.0, 4), left=15.0, lost="closed_1011")
    early = session(left=3.0, lost="closed_1011")
    worker, gateway = outcomes([WORKER, GATEWAY], [ended, early, session()])
    assert (worker.sessions_lost, worker.cadence_seconds) == (1, 5.0)
    assert gateway.sessions_lost == 0


def test_a_session_has_its_cadence_once_it_was_steady_for_a_while() -> None:
    near, late = Hole(15.0, 2.0, 0), Hole(24.0, 2.0, 1)
    (worker,) = outcomes([WORKER], [session(Hole(9.5, 3.0, 2), near, late)])
    assert (worker.states_lost, worker.cadence_seconds) == (3, 7.0)
