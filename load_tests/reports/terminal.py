"""A run on a terminal: as it goes on, and when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from esapr.load_tests.reports.figures import FIGURES, judgements, shown
from esapr.load_tests.reports.scraping import Scraping
from esapr.load_tests.result import Result, ServerSample
from esapr.load_tests.running.ledger import Ledger, Totals
from esapr.load_tests.scenario import Scenario

LINE_SECONDS = 10.0
"""Between two lines where there is no terminal to redraw a table on."""

SESSIONS_A_SECOND = 50
"""The table is redrawn each second with so many sessions, and less often with more."""

_WORST = 5


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a run has come: what was counted up to ``at_seconds``."""

    at_seconds: float
    sessions: int
    """Those that play right now."""
    totals: Totals
    server: ServerSample | None
    drops: Mapping[str, int]


class Progress:
    """Shows moments on ``console``: a table that is redrawn, or now and then a line.

    Use as a context manager; the table is gone when the block is left.
    """

    def __init__(self, scenario: Scenario, console: Console) -> None:
        """Show the run of ``scenario``."""
        self._scenario = scenario
        self._console = console
        self._interval = LINE_SECONDS
        if console.is_terminal:
            # Counting takes longer the more sessions there are.
            self._interval = max(1.0, scenario.peers / SESSIONS_A_SECOND)
        self._shown = float("-inf")
        # Redrawn when there is something new, so that no thread of its own is needed.
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        """Take the terminal."""
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back."""
        self._live.stop()

    def watch(self, ledger: Ledger, scraping: Scraping, now: float) -> None:
        """Show how far the run has come, unless it has just been shown."""
        if now - self._shown < self._interval:
            return
        self._shown = now
        # What was due in the last second may still be on its way.
        totals = ledger.totals(now - 1)
        server = scraping.samples[-1] if scraping.samples else None
        self.show(Moment(now, ledger.present(now), totals, server, scraping.scraper.drops))

    def show(self, moment: Moment) -> None:
        """Show a moment."""
        if self._console.is_terminal:
            self._live.update(_progress(self._scenario, moment), refresh=True)
        else:
            self._console.print(line(moment), highlight=False, soft_wrap=True)


def line(moment: Moment) -> str:
    """Return a moment in one line."""
    totals, server = moment.totals, moment.server
    said = [
        f"{moment.at_seconds:.0f} s: {moment.sessions} sessions",
        f"{totals.received} of {totals.due} states",
        f"p50 {shown(totals.p50_ms, 'ms')}",
        f"p95 {shown(totals.p95_ms, 'ms')}",
        f"{totals.lost_sessions} lost",
    ]
    if server and server.cpu_cores is not None:
        said.append(f"server {shown(server.cpu_cores, 'cores')}")
    return ", ".join(said)


def _progress(scenario: Scenario, moment: Moment) -> Table:
    totals = moment.totals
    table = Table.grid(padding=(0, 2))
    clock = f"{moment.at_seconds:.0f} of {scenario.ends_at:.0f} s"
    table.add_row(Text(scenario.name, style="bold"), Text(clock))
    table.add_row("", ProgressBar(scenario.ends_at, moment.at_seconds, width=60))
    rows = {
        "sessions": f"{moment.sessions} playing, {totals.lost_sessions} lost, "
        f"{totals.reconnects} feeds broke",
        "states": f"{totals.received} of {totals.due} due "
        f"({_share(totals.received, totals.due)}), {_share(totals.fused, totals.due)} fused",
        "capture to arrival": f"p50 {shown(totals.p50_ms, 'ms')}, "
        f"p95 {shown(totals.p95_ms, 'ms')}, p99 {shown(totals.p99_ms, 'ms')}",
        "right": f"{_share(totals.right, totals.judged)} of {totals.judged} judged",
        "server": _server(moment.server),
        "dropped": ", ".join(f"{name} {count}" for name, count in moment.drops.items()) or "-",
    }
    for name, words in rows.items():
        table.add_row(Text(name, style="bold"), Text(words))
    return table


def _server(sample: ServerSample | None) -> str:
    if sample is None:
        return "its metrics could not be read"
    waiting = ", ".join(f"{model} {count}" for model, count in sample.pending.items() if count)
    return (
        f"{shown(sample.cpu_cores, 'cores')}, {shown(sample.memory_mb, 'MB')}, "
        f"{sample.sessions} sessions, {sample.feeds} feeds, waiting: {waiting or 'nothing'}"
    )


def _share(part: int, whole: int) -> str:
    return shown(part / whole if whole else None, "share")


def show_result(result: Result, console: Console) -> None:
    """Print the figures of a run, its thresholds and its verdict."""
    wanted = {each.figure.name: each for each in judgements(result)}
    table = Table("figure", "measured", "wanted", "", title=f"Load test {result.scenario.name}")
    for figure in FIGURES:
        judgement = wanted.get(figure.name)
        table.add_row(
            figure.words,
            figure.shown(result),
            judgement.wanted if judgement else "",
            _coloured(judgement.verdict, judgement.kept) if judgement else "",
        )
    console.print(table)
    lacking = sorted(result.sessions, key=lambda each: each.received - each.due)[:_WORST]
    for session in lacking:
        if session.lost or session.received < session.due:
            lost = f", lost: {session.lost}" if session.lost else ""
            missing = session.due - session.received
            console.print(f"{session.name} lacks {missing} of {session.due} states{lost}")
    for fault in result.faults:
        console.print(
            f"{fault.kind} at {fault.at_seconds:g} s: {fault.sessions_lost} sessions and "
            f"{fault.states_lost} states lost, cadence after {shown(fault.cadence_seconds, 's')}, "
            f"feeds back after {shown(fault.resumed_seconds, 's')}"
        )
    for failure in result.failures:
        console.print(Text(failure, style="red"))
    passed = result.summary.passed
    console.print(_coloured("passed" if passed else "failed", passed))


def _coloured(words: str, good: bool) -> Text:
    return Text(words, style="green" if good else "bold red")
