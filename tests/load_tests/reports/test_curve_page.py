from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from esapr.load_tests.reports.curve_page import (
    climb,
    curve_drawing,
    curve_html,
    curve_json,
    most_sessions,
    rows,
)
from esapr.load_tests.result import Miss, Result
from esapr.load_tests.scenario import Scenario
from tests.load_tests.reports.runs import SCENARIO, run

MISSED = (Miss("p95_ms", 1500, 1700),)


def step(peers: int, *, passed: bool = True) -> Result:
    scenario = replace(SCENARIO, peers=peers)
    return run(scenario, cores=peers / 10, misses=() if passed else MISSED)


def played(scenario: Scenario) -> Result:
    """Twelve sessions are too many."""
    return step(scenario.peers, passed=scenario.peers < 12)


def test_steps_end_where_a_threshold_is_missed() -> None:
    found = climb(SCENARIO, [4, 8, 12, 16], played)

    assert [each.scenario.peers for each in found] == [4, 8, 12]
    assert most_sessions(found) == 8


def test_small_steps_have_no_more_partners_than_sessions() -> None:
    asked: list[Scenario] = []

    def play(scenario: Scenario) -> Result:
        asked.append(scenario)
        return played(scenario)

    climb(replace(SCENARIO, partners=6), [4, 8], play)

    assert [scenario.partners for scenario in asked] == [4, 6]


def test_the_most_is_none_if_the_first_step_fails_and_the_last_if_none_does() -> None:
    assert most_sessions([step(4, passed=False)]) is None
    assert most_sessions([step(4), step(8)]) == 8


def test_a_step_says_how_many_sessions_a_core_holds() -> None:
    found = [step(4), step(8, passed=False)]

    head, [_, second] = rows(found)
    answer = curve_json(found)

    assert second[head.index("sessions a core of the server")] == "10"
    assert second[head.index("server, processor")] == "0.80 cores"
    assert answer["most_sessions"] == 4
    assert answer["steps"][1]["sessions_a_core"] == pytest.approx(10)
    assert [each["passed"] for each in answer["steps"]] == [True, False]


def test_the_page_answers_and_draws() -> None:
    page = ElementTree.fromstring(curve_html([step(4), step(8, passed=False)]))

    words = "".join(page.itertext())
    assert "4 sessions keep the thresholds" in words
    assert len(list(page.iter("figure"))) == 4
    assert "smallest step" in curve_html([step(4, passed=False)])


def test_two_charts_stand_alone() -> None:
    drawn = ElementTree.fromstring(curve_drawing([step(4), step(8)]))

    assert drawn.get("aria-label") == "capture to arrival, ms; processor, cores"
    assert "AMD EPYC, 2 cores, vp8-640x480@15" in "".join(drawn.itertext())
