"""Processes of the harness, against a real server in this one."""

from esapr.load_tests.scenario import Scenario, Thresholds

SCENARIO = Scenario(
    name="try",
    peers=2,
    seconds=5,
    processes=2,
    media="vp8-320x240@10",
    thresholds=Thresholds(lost_sessions=0),
)
