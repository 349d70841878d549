from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from esapr.load_tests.reports.compare import IncomparableError
from esapr.load_tests.reports.curve_page import curve_html, most_sessions, rows, steps
from esapr.load_tests.result import Miss, Result
from tests.load_tests.reports.runs import SCENARIO, run

MISSED = (Miss("p95_ms", 1500, 1700),)


def step(peers: int, *, passed: bool = True) -> Result:
    scenario = replace(SCENARIO, peers=peers)
    return run(scenario, cores=peers / 10, misses=() if passed else MISSED)


def test_steps_are_put_in_order_and_say_how_many_sessions_a_core_holds() -> None:
    found = steps([step(8), step(4)])

    head, [first, second] = rows(found)
    assert (first[0], second[0]) == ("4", "8")
    assert second[head.index("sessions a core of the server")] == "10"
    assert second[head.index("server, processor")] == "0.80 cores"


def test_the_answer_is_the_last_step_before_one_that_failed() -> None:
    assert most_sessions(steps([step(4), step(8, passed=False), step(12)])) == 4
    assert most_sessions([step(4, passed=False)]) is None
    assert most_sessions([step(4), step(8)]) == 8


def test_steps_of_something_else_are_refused() -> None:
    with pytest.raises(IncomparableError, match="`media` is"):
        steps([step(4), run(replace(SCENARIO, media="audio-only"))])


def test_the_page_answers_and_draws() -> None:
    page = ElementTree.fromstring(curve_html(steps([step(4), step(8, passed=False)])))

    words = "".join(page.itertext())
    assert "4 sessions keep the thresholds" in words
    assert len(list(page.iter("figure"))) == 4
    assert "smallest step" in curve_html([step(4, passed=False)])
