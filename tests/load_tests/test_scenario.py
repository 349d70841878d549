import pytest

from esapr.load_tests.scenario import (
    Churn,
    Fault,
    Scenario,
    ScenarioError,
    Thresholds,
    read_scenario,
)

MINIMAL = 'name = "try"\npeers = 4\nseconds = 20\n'


def test_a_scenario_is_read_from_toml() -> None:
    text = MINIMAL + (
        'network = "lossy-5"\npartners = 1\nramp_seconds = 2\n'
        "[churn]\njoins_per_minute = 16\nmean_stay_seconds = 30\n"
        '[[chaos]]\nkind = "worker"\nat_seconds = 10\n'
        "[thresholds]\ndue_share = 0.98\nlost_sessions = 0\n"
    )

    assert read_scenario(text) == Scenario(
        name="try",
        peers=4,
        seconds=20,
        network="lossy-5",
        partners=1,
        ramp_seconds=2,
        churn=Churn(joins_per_minute=16, mean_stay_seconds=30),
        chaos=(Fault("worker", 10),),
        thresholds=Thresholds(due_share=0.98, lost_sessions=0),
    )


def test_everybody_leaves_once_all_have_played_together() -> None:
    assert read_scenario(MINIMAL + "ramp_seconds = 2.5").ends_at == 22.5


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("peer = 3", "peer"),
        ("processes = 0", "processes"),
        ('media = "av1"', "media"),
        ("text_every_seconds = nan", "text_every_seconds"),
        ("partners = 5", "partners"),
        ("[thresholds]\ndue_share = 98", "thresholds.due_share"),
        ("[thresholds]\nspeed = 1", "speed"),
        ("[churn]\njoins_per_minute = 0\nmean_stay_seconds = 1", "churn.joins_per_minute"),
        ('[[chaos]]\nkind = "worker"\nat_seconds = 21', "chaos"),
        ('[[chaos]]\nkind = "worker"', "at_seconds"),
    ],
)
def test_a_wrong_field_is_named(line: str, named: str) -> None:
    with pytest.raises(ScenarioError, match=named):
        read_scenario(MINIMAL + line)


def test_what_is_no_toml_is_refused() -> None:
    with pytest.raises(ScenarioError, match="no TOML"):
        read_scenario("peers: 4")
