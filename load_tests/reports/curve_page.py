"""The page of one load at several numbers of sessions. No asyncio, no clock."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from esapr.load_tests.reports.elements import (
    Cell,
    chart,
    document,
    element,
    joined,
    section,
    table,
)
from esapr.load_tests.reports.figures import BY_NAME
from esapr.load_tests.reports.plot import Chart, Line, svg
from esapr.load_tests.result import Result
from esapr.load_tests.scenario import Scenario, changed

_COLUMNS = (
    *("p50_ms", "p95_ms", "p99_ms", "due_share", "coverage", "server_cores"),
    *("sessions_a_core", "server_memory_mb"),
)


def climb(
    scenario: Scenario, counts: Sequence[int], play: Callable[[Scenario], Result]
) -> list[Result]:
    """Play ``scenario`` with each number of sessions, up to the first that misses a threshold.

    Raises:
        ScenarioError: the scenario cannot have so many.
    """
    found: list[Result] = []
    for peers in counts:
        step = {"peers": peers, "partners": min(peers, scenario.partners)}
        found.append(play(changed(scenario, step)))
        if not found[-1].summary.passed:
            break
    return found


def rows(found: Sequence[Result]) -> tuple[list[str], list[list[str]]]:
    """Return the names of the columns, and a row a step."""
    head = ["sessions", *(BY_NAME[name].words for name in _COLUMNS), "verdict"]
    return head, [
        [
            f"{each.scenario.peers}",
            *(BY_NAME[name].shown(each) for name in _COLUMNS),
            "passed" if each.summary.passed else "failed",
        ]
        for each in found
    ]


def curve_json(found: Sequence[Result]) -> dict[str, Any]:
    """Return the keys of ``esapr loadtest curve --json``."""
    return {
        "steps": [
            {
                "sessions": each.scenario.peers,
                **{name: BY_NAME[name].of(each) for name in _COLUMNS},
                "passed": each.summary.passed,
            }
            for each in found
        ],
        "most_sessions": most_sessions(found),
    }


def most_sessions(found: Sequence[Result]) -> int | None:
    """Return the most sessions at which a run, and every smaller one, kept its thresholds."""
    most = None
    for each in found:
        if not each.summary.passed:
            return most
        most = each.scenario.peers
    return most


def curve_html(found: Sequence[Result]) -> str:
    """Return the page of the steps of :func:`climb`."""
    first = found[0]
    most = most_sessions(found)
    verdict = (
        f"{most} sessions keep the thresholds, and so does every smaller step."
        if most
        else "Not even the smallest step keeps the thresholds."
    )
    charts = element("div", joined(*map(chart, _charts(found))), kind="charts")
    head, cells = rows(found)
    body: list[list[Cell]] = [[*row] for row in cells]
    return document(
        f"Sessions a core: {first.scenario.name}",
        joined(
            element(
                "header",
                joined(
                    element("h1", f"How many sessions: {first.scenario.name}"),
                    element("p", verdict),
                    element("p", f"{_where(first)}; begun {first.started_at}.", kind="note"),
                    table("Steps", head, body),
                ),
            ),
            section("Over sessions", charts),
        ),
    )


def curve_drawing(found: Sequence[Result]) -> str:
    """Return the first two charts of the page as SVG, for a document that has words itself."""
    return svg(_charts(found)[:2], _where(found[0]))


def _where(result: Result) -> str:
    machine = result.machine
    return f"{machine.processor}, {machine.cores} cores, {result.scenario.media}"


def _charts(found: Sequence[Result]) -> list[Chart]:
    return [
        _over_sessions(
            "capture to arrival, ms", found, {"p50": "p50_ms", "p95": "p95_ms", "p99": "p99_ms"}
        ),
        _over_sessions(
            "processor, cores", found, {"server": "server_cores", "harness": "harness_cores"}
        ),
        _over_sessions("sessions a core of the server", found, {"sessions": "sessions_a_core"}),
        _over_sessions(
            "share of due states", found, {"received": "due_share", "fused": "coverage"}
        ),
    ]


def _over_sessions(title: str, found: Sequence[Result], names: Mapping[str, str]) -> Chart:
    lines = [
        Line(words, [(run.scenario.peers, BY_NAME[name].of(run)) for run in found])
        for words, name in names.items()
    ]
    return Chart(title, "sessions", lines, dots=True)
