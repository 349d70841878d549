"""The page of a comparison. No asyncio, no clock."""

from collections.abc import Callable

from esapr.load_tests.reports.compare import Compared, Comparison
from esapr.load_tests.reports.elements import (
    Cell,
    Html,
    chart,
    document,
    element,
    joined,
    section,
    table,
)
from esapr.load_tests.reports.figures import shown
from esapr.load_tests.reports.plot import Chart, Line, Point
from esapr.load_tests.result import Result

HEAD = ("figure", "A", "B", "B against A", "noise", "so B is")

_KINDS = {"better": "good", "worse": "bad"}


def cells(compared: Compared) -> list[str]:
    """Return a row under :data:`HEAD`."""
    figure = compared.figure
    medians = [side.median if side.values else None for side in (compared.a, compared.b)]
    return [
        figure.words,
        *(shown(median, figure.unit) for median in medians),
        _change(compared),
        "-" if compared.noise is None else f"{compared.noise:.0%}",
        compared.verdict,
    ]


def _change(compared: Compared) -> str:
    """Return points between shares, a ratio of all else, a difference where there is no ratio."""
    if compared.difference is None:
        return "-"
    if compared.figure.unit == "share":
        return f"{compared.difference * 100:+.2f} points"
    return f"{compared.difference:+g}" if compared.ratio is None else f"x {compared.ratio:.2f}"


def comparison_html(comparison: Comparison) -> str:
    """Return the page of a comparison; lines over time are those of each side's first run."""
    a, b = comparison.a[0].scenario.name, comparison.b[0].scenario.name
    rows: list[list[Cell]] = []
    for compared in comparison.figures:
        *row, verdict = cells(compared)
        said = element("span", verdict, kind=_KINDS.get(verdict, "note"))
        rows.append([*row, said])
    header = element(
        "header",
        joined(
            element("h1", f"Load tests compared: {a} (A) and {b} (B)"),
            element("p", comparison.note, kind="note"),
            *(element("p", f"They differ in {each}.") for each in comparison.differences),
            table("Medians of the runs", HEAD, rows),
        ),
    )
    charts = element("div", joined(*_charts(comparison.a[0], comparison.b[0])), kind="charts")
    return document("Load tests compared", joined(header, section("Over time", charts)))


def _charts(a: Result, b: Result) -> list[Html]:
    def lines(points: Callable[[Result], list[Point]]) -> list[Line]:
        return [Line("A", points(a)), Line("B", points(b))]

    def late(result: Result) -> list[Point]:
        return [(each.at_seconds, each.p95_ms) for each in result.seconds]

    def share(result: Result) -> list[Point]:
        return [
            (each.at_seconds, 100 * each.received / each.due if each.due else None)
            for each in result.seconds
        ]

    def cores(result: Result) -> list[Point]:
        return [(each.at_seconds, each.cpu_cores) for each in result.server]

    def memory(result: Result) -> list[Point]:
        return [(each.at_seconds, each.memory_mb) for each in result.server]

    return [
        chart(Chart("capture to arrival, p95, ms", "seconds", lines(late)), max, "worst"),
        chart(Chart("received of due, %", "seconds", lines(share)), min, "worst"),
        chart(Chart("server, cores", "seconds", lines(cores))),
        chart(Chart("server, memory in MB", "seconds", lines(memory))),
    ]
