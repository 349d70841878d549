import statistics

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from esapr.load_tests.running.schedule import SHORTEST_STAY_SECONDS, stays
from esapr.load_tests.scenario import Churn, Scenario

SCENARIO = Scenario(name="try", peers=4, seconds=20, ramp_seconds=8, partners=1, rooms=2)


def test_sessions_join_evenly_and_stay_to_the_end() -> None:
    planned = stays(SCENARIO)

    assert [stay.joins_at for stay in planned] == [0, 2, 4, 6]
    assert {stay.leaves_at for stay in planned} == {28}
    assert [stay.kind for stay in planned] == ["partner", "webrtc", "webrtc", "webrtc"]
    assert [stay.room for stay in planned] == ["load-0", "load-1", "load-0", "load-1"]
    assert len({stay.name for stay in planned}) == 4


@given(seed=st.integers(0, 1000))
def test_visitors_come_and_go_within_the_run(seed: int) -> None:
    churn = Churn(joins_per_minute=60, mean_stay_seconds=5)
    scenario = msgspec.structs.replace(SCENARIO, churn=churn, seed=seed)

    visits = stays(scenario)[SCENARIO.peers :]

    assert all(0 < visit.joins_at < visit.leaves_at <= scenario.ends_at for visit in visits)
    assert all(visit.leaves_at - visit.joins_at >= SHORTEST_STAY_SECONDS - 1e-9 for visit in visits)
    assert stays(scenario)[SCENARIO.peers :] == visits


def test_churn_keeps_its_rate_and_its_mean_stay() -> None:
    churn = Churn(joins_per_minute=30, mean_stay_seconds=40)
    scenario = msgspec.structs.replace(SCENARIO, seconds=36_000.0, churn=churn)

    visits = stays(scenario)[SCENARIO.peers :]

    # 18,000 joins: three standard deviations are 2.3 % of the count and of the mean stay.
    assert abs(len(visits) / 18_000 - 1) < 0.023
    lengths = [visit.leaves_at - visit.joins_at for visit in visits]
    assert abs(statistics.mean(lengths) / 40 - 1) < 0.03
