"""The figures of a run that people ask for, by name and unit. No asyncio, no clock."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from msgspec import structs

from esapr.load_tests.bench.repeated import percentile
from esapr.load_tests.result import Result, ServerSample

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


def _setup_p95(result: Result) -> float | None:
    return percentile(result.setup_ms, 0.95)


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


def _longest_reconnect(result: Result) -> float | None:
    broken = [each.seconds for session in result.sessions for each in session.reconnects]
    return max((each for each in broken if each is not None), default=None)


def _slowest_fault(result: Result) -> float | None:
    times = [fault.cadence_seconds for fault in result.faults]
    return max((each for each in times if each is not None), default=None)


def _memory_slope(result: Result) -> float | None:
    """By least squares over the second half of the run."""
    half = result.scenario.ends_at / 2
    known = [(s.at_seconds, s.memory_mb) for s in result.server if s.memory_mb is not None]
    late = [each for each in known if each[0] >= half]
    if len(late) < 2:
        return None
    at, memory = zip(*late, strict=True)
    return statistics.linear_regression(at, memory).slope * 3600


FIGURES = (
    Figure("p50_ms", "capture to arrival, median", "ms", "less", lambda r: r.summary.p50_ms),
    Figure("p95_ms", "capture to arrival, p95", "ms", "less", lambda r: r.summary.p95_ms),
    Figure("p99_ms", "capture to arrival, p99", "ms", "less", lambda r: r.summary.p99_ms),
    Figure("due_share", "due states received", "share", "more", lambda r: r.summary.due_share),
    Figure("gaps", "states that never came", "", "less", lambda r: r.summary.gaps),
    Figure("lost_sessions", "sessions lost", "", "less", lambda r: r.summary.lost_sessions),
    Figure("reconnects", "feeds that broke", "", "less", lambda r: r.summary.reconnects),
    Figure("accuracy", "accuracy", "share", "more", lambda r: r.summary.accuracy),
    Figure("coverage", "coverage", "share", "more", lambda r: r.summary.coverage),
    Figure("setup_p95_ms", "set-up, p95", "ms", "less", _setup_p95),
    Figure("server_cores", "server, processor", "cores", "less", server_cores),
    Figure("sessions_a_core", "sessions a core of the server", "", "more", _sessions_a_core),
    Figure("server_memory_mb", "server, most memory", "MB", "less", _memory),
    Figure("memory_slope_mb_per_hour", "server, growth", "MB/h", "less", _memory_slope),
    Figure("reconnect_seconds", "a feed was gone, longest", "s", "less", _longest_reconnect),
    Figure("cadence_seconds", "a fault to cadence, longest", "s", "less", _slowest_fault),
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
