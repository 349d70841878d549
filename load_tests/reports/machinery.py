"""The part of the page that shows the machines: server, faults, and what was run where."""

import msgspec

from esapr.load_tests.reports.elements import (
    Cell,
    Html,
    Shaded,
    Words,
    chart,
    element,
    joined,
    section,
    table,
)
from esapr.load_tests.reports.figures import BY_NAME, shown
from esapr.load_tests.reports.plot import Chart, Line
from esapr.load_tests.result import Result


def marks(result: Result) -> list[tuple[float, str]]:
    """Return the moments of the faults, for charts over the run."""
    return [(fault.at_seconds, fault.kind) for fault in result.faults]


def server(result: Result) -> Html:
    """Return what the server used, what waited in it, and the sizes of its batches."""
    if not result.server:
        return section("Server", element("p", "Its metrics could not be read.", kind="note"))
    totals: list[list[Cell]] = [
        [BY_NAME[name].words, BY_NAME[name].shown(result)]
        for name in ("server_cores", "sessions_a_core", "server_memory_mb", "harness_cores")
    ]
    return section(
        "Server",
        table("While all sessions play", (), totals),
        element("div", joined(*_charts(result)), kind="charts"),
        _batches(result),
    )


def _charts(result: Result) -> list[Html]:
    said = {
        "cpu_cores": ("server, cores", "processor"),
        "memory_mb": ("server, memory in MB", "resident"),
        "threads": ("server, threads", "threads"),
    }
    return [
        *(
            _over_time(result, title, {name: field})
            for field, (title, name) in said.items()
            if any(getattr(each, field) is not None for each in result.server)
        ),
        _over_time(
            result,
            "connections",
            {"sessions": "sessions", "feeds": "feeds", "WebRTC peers": "media_peers"},
        ),
        _queues(result),
    ]


def _over_time(result: Result, title: str, fields: dict[str, str]) -> Html:
    lines = [
        Line(name, [(each.at_seconds, getattr(each, field)) for each in result.server])
        for name, field in fields.items()
    ]
    return chart(Chart(title, "seconds", lines, marks=marks(result)))


def _queues(result: Result) -> Html:
    models = sorted({model for each in result.server for model in each.pending})
    lines = [
        Line(model, [(each.at_seconds, each.pending.get(model)) for each in result.server])
        for model in models
    ]
    drawn = Chart("items that wait for a batch", "seconds", lines, marks=marks(result))
    return chart(drawn, max, "most", "Read once a second: what comes and goes between is not seen.")


def _batches(result: Result) -> Html:
    bounds = sorted({b for sizes in result.batch_sizes.values() for b in sizes}, key=float)
    rows: list[list[Cell]] = []
    for model, sizes in result.batch_sizes.items():
        whole = sum(sizes.values())
        shares = [sizes.get(bound, 0) / whole for bound in bounds]
        rows.append([model, f"{whole}", *(Shaded(f"{share:.0%}", share) for share in shares)])
    return table(
        "Sizes of batches: the share of a model's batches that hold at most so many items, and "
        "more than the column before",
        ("model", "batches", *("more" if bound == "+Inf" else f"≤ {bound}" for bound in bounds)),
        rows,
    )


def faults(result: Result) -> Html:
    """Return what each fault cost."""
    if not result.scenario.chaos:
        return section("Faults", element("p", "None was made.", kind="note"))
    rows: list[list[Cell]] = [
        [
            fault.kind,
            shown(fault.at_seconds, "s"),
            f"{fault.sessions_lost}",
            f"{fault.states_lost}",
            _until(fault.cadence_seconds),
            _until(fault.resumed_seconds),
            Words(fault.note),
        ]
        for fault in result.faults
    ]
    head = (
        "fault",
        "at",
        "sessions lost",
        "states lost",
        "cadence after",
        "feeds back after",
        "done",
    )
    return section("Faults", table("What each cost", head, rows))


def _until(seconds: float | None) -> str:
    return "never" if seconds is None else shown(seconds, "s")


def appendix(result: Result) -> Html:
    """Return the scenario, the machine and every session."""
    machine = result.machine
    where: list[list[Cell]] = [
        ["system", Words(machine.system)],
        ["processor", Words(f"{machine.processor}, {machine.cores} cores")],
        ["memory", Words(shown(machine.memory_mb, "MB"))],
        ["Python", Words(machine.python)],
        ["ESAPR", Words(machine.esapr)],
        ["server", Words(result.server_version or "it does not say")],
    ]
    scenario = msgspec.json.format(msgspec.json.encode(result.scenario), indent=2).decode()
    sessions: list[list[Cell]] = [
        [
            each.name,
            Words(each.kind),
            f"{each.due}",
            f"{each.received}",
            f"{each.fused}",
            f"{each.right} of {each.judged}",
            shown(each.p50_ms, "ms"),
            shown(each.p95_ms, "ms"),
            shown(each.setup_ms, "ms"),
        ]
        for each in result.sessions
    ]
    head = ("session", "by", "due", "received", "fused", "right", "p50", "p95", "set-up")
    return section(
        "Appendix",
        table("The machine of the harness, and releases", (), where),
        element("details", joined(element("summary", "The scenario"), element("pre", scenario))),
        element(
            "details",
            joined(element("summary", "Every session"), table("Sessions", head, sessions)),
        ),
    )
