"""Whether a run kept its thresholds. No I/O."""

import statistics
from collections.abc import Iterable, Sequence

from esapr.load_tests.bench.repeated import percentile
from esapr.load_tests.result import FaultOutcome, Miss, ServerSample, Session, Summary
from esapr.load_tests.scenario import Thresholds

LEAST = ("due_share", "accuracy", "coverage")
"""Thresholds that are the least; all others are the most."""


def misses(
    thresholds: Thresholds,
    summary: Summary,
    sessions: Sequence[Session],
    server: Sequence[ServerSample],
    faults: Sequence[FaultOutcome],
) -> list[Miss]:
    """Return the thresholds that were not kept; what could not be measured was not."""
    found = []
    for name, value in measured(summary, sessions, server, faults).items():
        wanted: float | None = getattr(thresholds, name)
        if wanted is not None and not _kept(name, wanted, value):
            found.append(Miss(name, wanted, value))
    return found


def measured(
    summary: Summary,
    sessions: Sequence[Session],
    server: Sequence[ServerSample],
    faults: Sequence[FaultOutcome],
) -> dict[str, float | None]:
    """Return what every threshold is held against, by its name; None: it could not be measured."""
    return {
        "due_share": summary.due_share,
        "p50_ms": summary.p50_ms,
        "p95_ms": summary.p95_ms,
        "p99_ms": summary.p99_ms,
        "accuracy": summary.accuracy,
        "coverage": summary.coverage,
        "gaps": summary.gaps,
        "lost_sessions": summary.lost_sessions,
        "setup_p95_ms": percentile([s.setup_ms for s in sessions if s.setup_ms is not None], 0.95),
        "reconnect_seconds": _longest(r.seconds for s in sessions for r in s.reconnects),
        "cadence_seconds": _longest(fault.cadence_seconds for fault in faults),
        "memory_slope_mb_per_hour": memory_slope(server),
    }


def memory_slope(server: Sequence[ServerSample]) -> float | None:
    """Return the server's growth in MB an hour, by least squares over the second half of a run.

    The least of each minute counts: a server gives back once a minute what it has freed. None if
    the server does not say what it uses, or the run was too short to tell.
    """
    points = [(s.at_seconds, s.memory_mb) for s in server if s.memory_mb is not None]
    least: dict[float, tuple[float, float]] = {}
    for at, size in points[len(points) // 2 :]:
        least[at // 60] = min(least.get(at // 60, (size, at)), (size, at))
    if len(least) < 3:
        return None
    sizes, times = zip(*least.values(), strict=True)
    return statistics.linear_regression(times, sizes).slope * 3600


def _longest(seconds: Iterable[float | None]) -> float | None:
    """Return the longest; 0 if there are none, None if one never ended."""
    found = list(seconds)
    ended = [each for each in found if each is not None]
    return max(ended, default=0.0) if len(ended) == len(found) else None


def _kept(name: str, wanted: float, value: float | None) -> bool:
    if value is None:
        return False
    return value >= wanted if name in LEAST else value <= wanted
