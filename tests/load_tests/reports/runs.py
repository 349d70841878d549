"""A run that could have been, for tests of what is made of it."""

from collections.abc import Sequence

from esapr.load_tests.result import (
    VERSION,
    FaultOutcome,
    Hole,
    LevelChange,
    Machine,
    Miss,
    Reconnect,
    Result,
    Second,
    ServerSample,
    Session,
    Stage,
    Summary,
)
from esapr.load_tests.scenario import Fault, Scenario, Thresholds

SCENARIO = Scenario(
    name="capacity",
    peers=16,
    seconds=60,
    ramp_seconds=8,
    chaos=(Fault("nats", 20), Fault("gateway", 40)),
    thresholds=Thresholds(due_share=0.995, p95_ms=1500, accuracy=0.9, lost_sessions=0),
)


def run(
    scenario: Scenario = SCENARIO,
    *,
    p95_ms: float = 640,
    accuracy: float = 0.96,
    misses: Sequence[Miss] = (),
    cores: float = 1.25,
    processor: str = "AMD EPYC",
) -> Result:
    """Return a run of ``scenario`` in which one session was lost and lacks three states."""
    length = int(scenario.ends_at)
    return Result(
        version=VERSION,
        scenario=scenario,
        started_at="2026-11-23T12:00:00Z",
        machine=Machine("Linux 6.1", processor, 2, 8_000, "3.11.7", "0.1.0"),
        server_version="0.1.0",
        summary=_summary(scenario, p95_ms, accuracy, passed=not misses),
        misses=list(misses),
        sessions=[_session(number, scenario) for number in range(scenario.peers)],
        seconds=[
            Second(at, scenario.peers, 16, 16 - at % 2, 15, 240 + at, p95_ms, {"full": 16})
            for at in range(length)
        ],
        server=[
            ServerSample(
                at_seconds=at,
                cpu_cores=cores if at else None,
                memory_mb=500 + at / 3600,
                threads=40,
                feeds=scenario.peers,
                sessions=scenario.peers,
                media_peers=scenario.peers,
                pending={"face_landmarks": at % 7, "voice_expression": 0},
            )
            for at in range(length)
        ],
        stages=[
            Stage("queue/face_landmarks", 900, 4, 3.5, 9, 12),
            Stage("capture_to_state", 960, 250, 240, p95_ms, None),
        ],
        drops={"face/stale": 3, "outbox/skipped": 1},
        batch_sizes={"face_landmarks": {"1": 30, "4": 60, "+Inf": 10}, "voice": {"2": 8}},
        level_changes=[LevelChange(31, "peer 2", "reduced")],
        faults=[
            FaultOutcome(fault.kind, fault.at_seconds, 0, 2, 1.5, None, "killed <42>")
            for fault in scenario.chaos
        ],
        failures=[],
    )


def _summary(scenario: Scenario, p95_ms: float, accuracy: float, *, passed: bool) -> Summary:
    return Summary(
        peers=scenario.peers,
        states_due=960,
        states_received=957,
        states_fused=900,
        due_share=957 / 960,
        p50_ms=240,
        p95_ms=p95_ms,
        p99_ms=p95_ms * 1.2,
        accuracy=accuracy,
        states_judged=700,
        coverage=0.9375,
        gaps=3,
        lost_sessions=1,
        reconnects=1,
        harness_cores=0.35,
        passed=passed,
    )


def _session(number: int, scenario: Scenario) -> Session:
    unlucky = number == 2
    return Session(
        name=f"peer {number}",
        kind="webrtc",
        joined_at_seconds=number / 2,
        left_at_seconds=scenario.ends_at,
        setup_ms=400 + number,
        due=60,
        received=57 if unlucky else 60,
        fused=56,
        judged=44,
        right=40 + number % 4,
        modalities={"face": 50, "voice": 20, "text": 6},
        p50_ms=240,
        p95_ms=640,
        holes=[Hole(20, 4.25, 3)] if unlucky else [],
        reconnects=[Reconnect(20, None, 1006)] if unlucky else [],
        lost="ICE consent expired" if unlucky else "",
    )
