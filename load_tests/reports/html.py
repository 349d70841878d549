"""The page of a run: the verdict first, then what it rests on. No asyncio, no clock.

It is one file that needs no script and no network. Each chart has its numbers in a table.
"""

import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from esapr.load_tests.bench.repeated import percentile
from esapr.load_tests.reports.elements import (
    Cell,
    Html,
    Words,
    chart,
    document,
    element,
    joined,
    section,
    table,
)
from esapr.load_tests.reports.figures import BY_NAME, judgements, shown
from esapr.load_tests.reports.machinery import appendix, faults, marks, server
from esapr.load_tests.reports.plot import POINTS, Chart, Line, svg, thinned
from esapr.load_tests.result import Result, Second, Session

_TILES = ("p95_ms", "due_share", "accuracy", "coverage", "lost_sessions", "server_cores")
_WORST = 10


def html(result: Result, beside: Result | None = None) -> str:
    """Return the page of ``result``, its rightness compared with that of ``beside``."""
    sections = (
        _verdict(result),
        _lateness(result),
        _delivery(result),
        _rightness(result, beside),
        server(result),
        faults(result),
        appendix(result),
    )
    return document(f"Load test: {result.scenario.name}", joined(*sections))


def _verdict(result: Result) -> Html:
    scenario = result.scenario
    verdict = ("Passed", "verdict good") if result.summary.passed else ("Failed", "verdict bad")
    said = element("span", verdict[0], kind=verdict[1])
    how = (
        f"{scenario.peers} sessions of {scenario.media} for {scenario.seconds:g} s, network "
        f"{scenario.network}; begun {result.started_at}."
    )
    tiles = [
        element("div", joined(element("dt", each.words), element("dd", each.shown(result))))
        for each in map(BY_NAME.__getitem__, _TILES)
    ]
    thresholds: list[list[Cell]] = [
        [
            each.figure.words,
            each.wanted,
            each.measured,
            element("span", each.verdict, kind="good" if each.kept else "bad"),
        ]
        for each in judgements(result)
    ]
    return element(
        "header",
        joined(
            element("h1", joined(f"Load test {scenario.name}: ", said)),
            element("p", how, kind="note"),
            *(element("p", failure, kind="bad") for failure in result.failures),
            element("dl", joined(*tiles), kind="tiles"),
            table("Thresholds", ("what", "wanted", "measured", "verdict"), thresholds),
        ),
    )


def drawing(result: Result) -> str:
    """Return lateness and delivery of a run as SVG, for a document that has words itself."""
    scenario, machine = result.scenario, result.machine
    note = (
        f"{scenario.name}: {scenario.peers} sessions, network {scenario.network}; harness on "
        f"{machine.processor}, {machine.cores} cores"
    )
    late = thinned(_late(result), POINTS, max)
    return svg([late, thinned(_states(result), POINTS, statistics.fmean)], note)


def _late(result: Result) -> Chart:
    seconds = result.seconds
    return Chart(
        "capture to arrival, ms",
        "seconds",
        [
            Line("p50", [(each.at_seconds, each.p50_ms) for each in seconds]),
            Line("p95", [(each.at_seconds, each.p95_ms) for each in seconds]),
        ],
        limit=result.scenario.thresholds.p95_ms,
        marks=marks(result),
    )


def _states(result: Result) -> Chart:
    return _counts(result, "states a second", ("due", "received", "fused"), getattr)


def _levels(result: Result) -> Chart:
    def states(second: Second, level: str) -> int:
        return second.levels.get(level, 0)

    return _counts(result, "states a second by level", ("full", "reduced", "minimal"), states)


def _counts(
    result: Result, title: str, names: Sequence[str], of: Callable[[Second, str], int]
) -> Chart:
    lines = [
        Line(name, [(each.at_seconds, of(each, name)) for each in result.seconds]) for name in names
    ]
    return Chart(title, "seconds", lines, marks=marks(result))


def _lateness(result: Result) -> Html:
    whole: list[list[Cell]] = [
        [BY_NAME[name].words, BY_NAME[name].shown(result)]
        for name in ("p50_ms", "p95_ms", "p99_ms")
    ]
    return section(
        "Lateness",
        table("Capture of the newest evidence to the arrival of its state", (), whole),
        chart(_late(result), max, "worst"),
        _stages(result),
        _setup(result),
    )


def _stages(result: Result) -> Html:
    rows: list[list[Cell]] = [
        [
            stage.name,
            f"{stage.count}",
            *(_tenths(ms) for ms in (stage.mean_ms, stage.p50_ms, stage.p95_ms, stage.p99_ms)),
        ]
        for stage in result.stages
    ]
    return table(
        "Stages in the server, ms: from its histograms, so quantiles are read between the bounds "
        "of a bucket, and p99 may lie above the last one",
        ("stage", "times", "mean", "p50", "p95", "p99"),
        rows,
    )


def _setup(result: Result) -> Html:
    shares = {"least": 0.0, "p50": 0.5, "p95": 0.95, "most": 1.0}
    times = [shown(percentile(result.setup_ms, share), "ms") for share in shares.values()]
    rows: list[list[Cell]] = [["set-up", *times]] if result.setup_ms else []
    return table("Request of a session to its first media", ("time", *shares), rows)


def _delivery(result: Result) -> Html:
    summary = result.summary
    counts: list[list[Cell]] = [
        ["due", f"{summary.states_due}"],
        ["received", f"{summary.states_received} ({shown(summary.due_share, 'share')})"],
        ["with an expression", f"{summary.states_fused}"],
        ["never came", f"{summary.gaps}"],
        ["changes of level", f"{len(result.level_changes)}"],
        ["feeds that broke", f"{summary.reconnects}"],
        ["sessions lost", f"{summary.lost_sessions}"],
    ]
    return section(
        "Delivery",
        table("States", (), counts),
        element("div", joined(chart(_states(result)), chart(_levels(result))), kind="charts"),
        table(
            "Items that the server dropped, by stage and reason",
            ("stage/reason", "items"),
            [[name, f"{count}"] for name, count in result.drops.items()],
        ),
        table(
            f"Sessions that lack states, the worst {_WORST}",
            ("session", "never came", "longest hole", "feeds that broke", "lost"),
            list(_lacking(result)),
        ),
    )


def _lacking(result: Result) -> Iterator[list[Cell]]:
    def lack(session: Session) -> tuple[bool, int]:
        return bool(session.lost), session.due - session.received

    lacking = [each for each in result.sessions if each.lost or each.due > each.received]
    for session in sorted(lacking, key=lack, reverse=True)[:_WORST]:
        longest = max((hole.seconds for hole in session.holes), default=None)
        yield [
            session.name,
            f"{session.due - session.received}",
            shown(longest, "s"),
            f"{len(session.reconnects)}",
            Words(session.lost),
        ]


def _rightness(result: Result, beside: Result | None) -> Html:
    head = ["figure", "this run"] + ([f"{beside.scenario.name}", "points apart"] if beside else [])
    rows: list[list[Cell]] = []
    for name in ("accuracy", "coverage"):
        figure = BY_NAME[name]
        rows.append([figure.words, figure.shown(result)])
        if beside:
            ours, theirs = figure.of(result), figure.of(beside)
            apart = None if ours is None or theirs is None else (ours - theirs) * 100
            rows[-1] += [figure.shown(beside), "-" if apart is None else f"{apart:+.2f}"]
    judged = [each.right / each.judged for each in result.sessions if each.judged]
    spread: list[list[Cell]] = []
    if judged:
        shares = (min(judged), statistics.median(judged), max(judged))
        spread = [["accuracy of a session", *(shown(share, "share") for share in shares)]]
    rests: Counter[str] = Counter()
    for session in result.sessions:
        rests.update(session.modalities)
    return section(
        "Rightness",
        element(
            "p",
            "Accuracy is the share of judged states whose expression is the label of the clip at "
            f"that time; {result.summary.states_judged} states were judged. Coverage is the share "
            "of due states that carry an expression at all.",
            kind="note",
        ),
        table("Against the labels of the clip", head, rows),
        table("Sessions apart", ("figure", "least", "median", "most"), spread),
        table(
            "States with an expression that rest on",
            ("modality", "states"),
            [[name, f"{count}"] for name, count in sorted(rests.items())],
        ),
    )


def _tenths(ms: float | None) -> str:
    return "-" if ms is None else f"{ms:.1f}"
