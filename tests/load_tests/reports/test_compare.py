from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from esapr.load_tests.reports.compare import (
    Compared,
    Comparison,
    IncomparableError,
    compare,
    comparison_json,
)
from esapr.load_tests.reports.comparison_page import cells, comparison_html
from esapr.load_tests.scenario import Scenario
from tests.load_tests.reports.runs import SCENARIO, run

LOSSY = replace(SCENARIO, name="capacity-lossy", network="lossy-5")


def sides(a: list[float], b: list[float]) -> Comparison:
    """Runs whose p95 (ms) is given."""
    return compare([run(p95_ms=p95) for p95 in a], [run(LOSSY, p95_ms=p95) for p95 in b])


def figure(comparison: Comparison, name: str) -> Compared:
    return next(each for each in comparison.figures if each.figure.name == name)


def test_one_run_a_side_gives_a_ratio_and_no_verdict() -> None:
    comparison = sides([600], [900])

    p95 = figure(comparison, "p95_ms")
    assert (p95.ratio, p95.noise, p95.verdict) == (1.5, None, "noise unknown")
    assert comparison.note.startswith("One run on a side")
    assert comparison.differences == ["network: clean and lossy-5"]


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ([600, 640, 620], [700, 730, 690], "worse"),
        ([600, 640, 620], [500, 530, 590], "better"),
        ([600, 640, 620], [630, 900, 800], "within noise"),
        ([600, 640, 620], [640, 900, 800], "within noise"),
        ([600, 600], [600, 600], "same"),
        ([600, 640, 620], [100], "noise unknown"),
    ],
)
def test_several_runs_are_told_apart_where_none_lies_among_the_others(
    a: list[float], b: list[float], verdict: str
) -> None:
    assert figure(sides(a, b), "p95_ms").verdict == verdict


def test_more_accuracy_is_better_where_more_milliseconds_are_worse() -> None:
    a, b = [0.90, 0.91], [0.95, 0.96]

    comparison = compare([run(accuracy=each) for each in a], [run(accuracy=each) for each in b])

    accuracy = figure(comparison, "accuracy")
    assert accuracy.verdict == "better"
    assert cells(accuracy) == ["accuracy", "90.50 %", "95.50 %", "+5.00 points", "1%", "better"]


def test_how_often_chance_alone_tells_figures_apart() -> None:
    assert sides([1] * 3, [1] * 3).chance == pytest.approx(0.1)  # 2 of 20 orders
    assert sides([1] * 5, [1] * 5).chance == pytest.approx(2 / 252)


def test_noise_is_that_of_the_side_that_scatters_more() -> None:
    assert figure(sides([600, 600], [500, 600]), "p95_ms").noise == pytest.approx(100 / 550)


def test_a_figure_that_a_run_lacks_is_not_compared() -> None:
    silent = replace(run(LOSSY), server=[])

    comparison = compare([run()], [silent])

    cores = figure(comparison, "server_cores")
    assert (cores.verdict, cores.ratio, cells(cores)[3]) == ("not measured", None, "-")


def test_over_nothing_there_is_a_difference_and_no_ratio() -> None:
    fine = replace(run(), summary=replace(run().summary, gaps=0))

    gaps = figure(compare([fine], [run()]), "gaps")

    assert (gaps.ratio, cells(gaps)[3]) == (None, "+3")


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (replace(SCENARIO, peers=8), "`peers` is 16 and 8"),
        (replace(SCENARIO, seconds=90), "`seconds` is 60.* and 90"),
        (replace(SCENARIO, media="audio-only"), "`media` is vp8-640x480@15 and audio-only"),
        (replace(SCENARIO, text_every_seconds=0), "`text_every_seconds` is 10.0 and 0"),
    ],
)
def test_another_load_is_refused_by_what_differs(other: Scenario, named: str) -> None:
    with pytest.raises(IncomparableError, match=named):
        compare([run()], [run(other)])


def test_a_side_is_one_thing_repeated() -> None:
    with pytest.raises(IncomparableError, match="`network` is clean and lossy-5"):
        compare([run(), run(LOSSY)], [run()])

    compare([run(), run(replace(SCENARIO, seed=2))], [run()])


def test_other_machines_are_compared_and_said() -> None:
    comparison = compare([run()], [run(processor="Xeon")])

    assert comparison.differences == ["machine: AMD EPYC, 2 cores and Xeon, 2 cores"]


def test_as_json() -> None:
    found = comparison_json(sides([600, 620], [900, 930]))

    assert found["runs"] == {"a": 2, "b": 2}
    assert found["figures"]["p95_ms"] == {
        "a": [600, 620],
        "b": [900, 930],
        "ratio": 1.5,
        "noise": pytest.approx(20 / 610),
        "verdict": "worse",
    }


def test_the_page_says_what_can_be_said_and_draws_both() -> None:
    page = ElementTree.fromstring(comparison_html(sides([600, 620], [900, 930])))

    words = " ".join("".join(page.itertext()).split())
    assert "They differ in network: clean and lossy-5." in words
    assert "which chance alone does to 33% of the figures" in words
    row = next(row for row in page.iter("tr") if "p95" in "".join(row.itertext()))
    assert [cell.text for cell in row][:5] == [
        "capture to arrival, p95",
        "610 ms",
        "915 ms",
        "x 1.50",
        "3%",
    ]
    assert len(list(page.iter("figure"))) == 4
