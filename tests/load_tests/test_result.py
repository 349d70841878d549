import msgspec
import pytest

from esapr.load_tests.result import (
    VERSION,
    Machine,
    Result,
    ResultError,
    Summary,
    decode_result,
    encode_result,
)
from esapr.load_tests.scenario import Fault, Scenario, Thresholds

RESULT = Result(
    version=VERSION,
    scenario=Scenario(
        name="try",
        peers=1,
        seconds=5,
        chaos=(Fault("worker", 1),),
        thresholds=Thresholds(due_share=0.5),
    ),
    started_at="2026-11-23T12:00:00Z",
    machine=Machine("Linux", "x86_64", 2, 8000.0, "3.11.7", "0.1.0"),
    server_version="0.1.0",
    summary=Summary(
        peers=1,
        states_due=0,
        states_received=0,
        states_fused=0,
        due_share=None,
        p50_ms=None,
        p95_ms=None,
        p99_ms=None,
        accuracy=None,
        states_judged=0,
        coverage=None,
        gaps=0,
        lost_sessions=0,
        reconnects=0,
        harness_cores=0.1,
        passed=False,
    ),
    misses=[],
    sessions=[],
    seconds=[],
    server=[],
    stages=[],
    drops={},
    batch_sizes={},
    level_changes=[],
    faults=[],
    failures=[],
)


def test_a_result_is_read_back_as_it_was_written() -> None:
    assert decode_result(encode_result(RESULT)) == RESULT


def test_a_result_of_another_version_is_refused() -> None:
    later = msgspec.structs.replace(RESULT, version=VERSION + 1)

    with pytest.raises(ResultError, match=f"version {VERSION + 1}"):
        decode_result(encode_result(later))


def test_something_else_is_no_result() -> None:
    with pytest.raises(ResultError, match="no result"):
        decode_result(b'{"peers": 4}')
