from typing import Any

import msgspec
import pytest

from esapr.load_tests.result import FaultOutcome, Miss, Reconnect, ServerSample, Session
from esapr.load_tests.running.verdict import memory_slope, misses
from esapr.load_tests.scenario import Thresholds
from tests.load_tests.test_result import RESULT

GOOD = msgspec.structs.replace(
    RESULT.summary, due_share=0.995, p95_ms=900.0, accuracy=0.9, coverage=0.95, gaps=2
)


def missed(summary: Any = GOOD, sessions: Any = (), faults: Any = (), **asked: float) -> list[Miss]:
    return misses(Thresholds(**asked), summary, sessions, (), faults)  # type: ignore[arg-type]


def session(*reconnects: Reconnect, setup_ms: float = 100.0) -> Session:
    return Session(
        name="load-0",
        kind="webrtc",
        joined_at_seconds=0,
        left_at_seconds=1,
        setup_ms=setup_ms,
        due=0,
        received=0,
        fused=0,
        judged=0,
        right=0,
        modalities={},
        p50_ms=None,
        p95_ms=None,
        holes=[],
        reconnects=list(reconnects),
        lost="",
    )


def sample(at: float, memory_mb: float | None) -> ServerSample:
    return ServerSample(at, 0.5, memory_mb, 10, 1, 1, 1, {})


def test_nothing_asked_is_nothing_missed() -> None:
    assert missed() == []


def test_a_threshold_that_is_just_met_is_kept() -> None:
    assert missed(due_share=0.995, p95_ms=900, accuracy=0.9, coverage=0.95, gaps=2) == []


@pytest.mark.parametrize(
    ("name", "wanted", "measured"),
    [
        ("due_share", 0.996, 0.995),
        ("p95_ms", 899.0, 900.0),
        ("gaps", 1, 2),
        ("coverage", 1.0, 0.95),
    ],
)
def test_a_threshold_that_is_missed_is_named(name: str, wanted: float, measured: float) -> None:
    assert missed(**{name: wanted}) == [Miss(name, wanted, measured)]


def test_what_could_not_be_measured_is_missed() -> None:
    assert missed(RESULT.summary, accuracy=0.1) == [Miss("accuracy", 0.1, None)]


def test_the_longest_reconnect_counts_and_one_that_never_ended_is_missed() -> None:
    two = session(Reconnect(1, 2.0, 1006), Reconnect(9, 4.0, 1006))

    assert missed(sessions=[two], reconnect_seconds=4) == []
    assert missed(sessions=[two], reconnect_seconds=3) == [Miss("reconnect_seconds", 3, 4.0)]
    never = session(Reconnect(1, None, 1006))
    assert missed(sessions=[two, never], reconnect_seconds=60) == [
        Miss("reconnect_seconds", 60, None)
    ]
    assert missed(sessions=[session()], reconnect_seconds=1) == []


def test_set_up_and_cadence_are_judged() -> None:
    slow = [session(setup_ms=5_000.0)]
    fault = FaultOutcome("worker", 5.0, 0, 0, 3.0, 0.0)

    assert missed(sessions=slow, setup_p95_ms=1_000) == [Miss("setup_p95_ms", 1_000, 5_000.0)]
    assert missed(faults=[fault], cadence_seconds=2) == [Miss("cadence_seconds", 2, 3.0)]


def test_growth_is_that_of_the_second_half() -> None:
    warming = [sample(at, 100.0 + 10 * at) for at in range(100)]
    steady = [sample(at, 1_100.0 + (at - 100) * 0.01) for at in range(100, 200)]

    assert memory_slope([*warming, *steady]) == pytest.approx(36.0)
    assert memory_slope([sample(at, None) for at in range(100)]) is None
    assert memory_slope(warming[:3]) is None
