import pytest
from click.testing import CliRunner

from esapr.load_tests import sessions
from esapr.load_tests.sessions import Gauges, Report
from esapr.load_tests.tally import Tally


@pytest.mark.real_time
async def test_eight_sessions_get_a_state_a_second_each() -> None:
    report = await sessions.run(peers=8, seconds=10)

    assert len(report.sessions) == 8
    assert report.required == 9
    assert report.passed, [tally.states for tally in report.sessions]
    assert all(tally.fused > 0 for tally in report.sessions)
    # What plays must cost little beside what is played to.
    assert report.peers_cpu < report.server_cpu
    assert set(report.longest_queues) >= {"face_landmarks", "voice_expression"}


def test_queues_are_remembered_at_their_longest_and_drops_at_their_last() -> None:
    gauges = Gauges()

    gauges.read('esapr_pending{model="a"} 3.0\nesapr_dropped_total{stage="s",reason="r"} 1.0\n')
    gauges.read('esapr_pending{model="a"} 1.0\nesapr_dropped_total{stage="s",reason="r"} 4.0\n')

    assert gauges.longest_queues == {"a": 3}
    assert gauges.dropped == {"s/r": 4}


@pytest.mark.parametrize(
    ("states", "lost", "passed"), [(54, False, False), (55, False, True), (60, True, False)]
)
def test_a_minute_needs_fifty_five_states_and_a_peer(states: int, lost: bool, passed: bool) -> None:
    tally = Tally()
    tally.states, tally.lost = states, lost
    report = Report(
        seconds=60,
        sessions=[tally],
        longest_queues={},
        dropped={},
        server_cpu=0,
        server_memory_mb=0,
        peers_cpu=0,
    )

    assert report.passed is passed


def test_no_peers_is_a_usage_error() -> None:
    assert CliRunner().invoke(sessions.main, ["--peers", "0"]).exit_code == 2
