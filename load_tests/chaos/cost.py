"""What faults cost, counted from what sessions saw. No asyncio, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass

from esapr.load_tests.result import FaultOutcome, Hole, Reconnect, Session

STEADY_SECONDS = 5.0
"""After so long without a hole a session has its cadence again."""

_AT_THE_END = 0.05
"""Seconds: a hole that reaches so close to its session's end was never closed."""


@dataclass(frozen=True, slots=True)
class Done:
    """A fault that was done, ``at_seconds`` on the run's clock."""

    kind: str
    at_seconds: float
    note: str
    """What was done to which process."""


def outcomes(done: Sequence[Done], sessions: Sequence[Session]) -> list[FaultOutcome]:
    """Return what each fault cost; ``done`` is in order of time.

    What went wrong is laid to the first fault that struck while it did, else to the last one before
    it began. So leave calm between faults that last.
    """
    times = [each.at_seconds for each in done]
    found = []
    for index, fault in enumerate(done):
        holes = [
            (session, [h for h in session.holes if _cause(times, h.at_seconds, h.seconds) == index])
            for session in sessions
        ]
        breaks = [
            each
            for session in sessions
            for each in session.reconnects
            if _cause(times, each.at_seconds, each.seconds or 0.0) == index
        ]
        found.append(
            FaultOutcome(
                kind=fault.kind,
                at_seconds=fault.at_seconds,
                sessions_lost=sum(
                    bool(each.lost) and _cause(times, each.left_at_seconds, 0.0) == index
                    for each in sessions
                ),
                states_lost=sum(hole.missing for _, its in holes for hole in its),
                cadence_seconds=_longest([_steady(*each, fault.at_seconds) for each in holes]),
                resumed_seconds=_longest([_resumed(each, fault.at_seconds) for each in breaks]),
                note=fault.note,
            )
        )
    return found


def _cause(times: Sequence[float], at: float, seconds: float) -> int | None:
    """Return the index of the fault that something which began ``at`` is laid to."""
    during = (index for index, time in enumerate(times) if at < time <= at + seconds)
    before = (index for index, time in reversed(list(enumerate(times))) if time <= at)
    return next(during, next(before, None))


def _steady(session: Session, holes: Sequence[Hole], fault_at: float) -> float | None:
    """Return how long after the fault a session's states began to come without a hole."""
    end = fault_at
    for hole in holes:
        if hole.at_seconds > end + STEADY_SECONDS:
            break
        end = hole.at_seconds + hole.seconds
    if not session.lost and end > fault_at and end >= session.left_at_seconds - _AT_THE_END:
        return None
    return end - fault_at


def _resumed(broken: Reconnect, fault_at: float) -> float | None:
    return None if broken.seconds is None else broken.at_seconds + broken.seconds - fault_at


def _longest(seconds: Sequence[float | None]) -> float | None:
    """Return the longest time, 0 if there is none; None if one never ended."""
    known = [each for each in seconds if each is not None]
    return max(known, default=0.0) if len(known) == len(seconds) else None
