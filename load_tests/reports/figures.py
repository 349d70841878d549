"""The figures of a run that people ask for, by name and unit. No asyncio, no clock."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from msgspec import structs

from esapr.load_tests.result import Result, ServerSample
from esapr.load_tests.running.verdict import LEAST, measured

Unit = Literal["ms", "s", "share", "cores", "MB", "MB/h", ""]
Better = Literal["less", "more"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; ``of`` returns None where the run has none."""

    name: str
    """As in :class:`~esapr.load_tests.scenario.Thresholds` where a threshold is on it."""
    words: str
    unit: Unit
    better: Better
    of: Callable[[Result], float | None]

    def shown(self, result: Result) -> str:
        """Return the figure of a run, for people."""
        return shown(self.of(result), self.unit)


def together(result: Result) -> list[ServerSample]:
    """Return the samples of the time in which all sessions play."""
    scenario = result.scenario
    return [
        sample
        for sample in result.server
        if scenario.ramp_seconds <= sample.at_seconds <= scenario.ends_at
    ]


def server_cores(result: Result) -> float | None:
    """Return the mean processor time of the server while all sessions play, in cores."""
    cores = [each.cpu_cores for each in together(result) if each.cpu_cores is not None]
    return statistics.fmean(cores) if cores else None


def _sessions_a_core(result: Result) -> float | None:
    cores = server_cores(result)
    sessions = [each.sessions for each in together(result)]
    return statistics.fmean(sessions) / cores if cores and sessions else None


def _memory(result: Result) -> float | None:
    return max((each.memory_mb for each in result.server if each.memory_mb), default=None)


def _threshold(name: str, words: str, unit: Unit) -> Figure:
    """Return the figure that a threshold is held against."""

    def of(result: Result) -> float | None:
        return measured(result.summary, result.sessions, result.server, result.faults)[name]

    return Figure(name, words, unit, "more" if name in LEAST else "less", of)


FIGURES = (
    _threshold("p50_ms", "capture to arrival, median", "ms"),
    _threshold("p95_ms", "capture to arrival, p95", "ms"),
    _threshold("p99_ms", "capture to arrival, p99", "ms"),
    _threshold("due_share", "due states received", "share"),
    _threshold("gaps", "states that never came", ""),
    _threshold("lost_sessions", "sessions lost", ""),
    Figure("reconnects", "feeds that broke", "", "less", lambda r: r.summary.reconnects),
    _threshold("reconnect_seconds", "a feed was gone, longest", "s"),
    _threshold("accuracy", "accuracy", "share"),
    _threshold("coverage", "coverage", "share"),
    _threshold("setup_p95_ms", "set-up, p95", "ms"),
    Figure("server_cores", "server, processor", "cores", "less", server_cores),
    Figure("sessions_a_core", "sessions a core of the server", "", "more", _sessions_a_core),
    Figure("server_memory_mb", "server, most memory", "MB", "less", _memory),
    _threshold("memory_slope_mb_per_hour", "server, growth", "MB/h"),
    _threshold("cadence_seconds", "a fault to cadence, longest", "s"),
    Figure(
        "harness_cores", "harness, processor", "cores", "less", lambda r: r.summary.harness_cores
    ),
)
BY_NAME = {figure.name: figure for figure in FIGURES}


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure on which the scenario has a threshold."""

    figure: Figure
    wanted: str
    measured: str
    kept: bool

    @property
    def verdict(self) -> str:
        """In a word."""
        return "kept" if self.kept else "missed"


def judgements(result: Result) -> list[Judged]:
    """Return the thresholds of a run, for people."""
    missed = {miss.threshold for miss in result.misses}
    found = []
    for name, wanted in structs.asdict(result.scenario.thresholds).items():
        if wanted is not None:
            figure = BY_NAME[name]
            sign = "≥" if figure.better == "more" else "≤"
            words = f"{sign} {shown(wanted, figure.unit)}"
            found.append(Judged(figure, words, figure.shown(result), name not in missed))
    return found


def shown(value: float | None, unit: Unit) -> str:
    """Return a value for people; a dash where there is none."""
    if value is None:
        return "-"
    if unit == "share":
        return f"{value * 100:.2f} %"
    if unit == "cores":
        return f"{value:.2f} cores"
    digits = 0 if unit in ("ms", "MB") or value == int(value) else 1
    number = f"{value:,.{digits}f}"
    return f"{number} {unit}" if unit else number
