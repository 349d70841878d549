"""What one session received. No I/O: times are arguments, on the run's clock."""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from esapr.load_tests.bench.repeated import percentile
from esapr.load_tests.result import Hole, LevelChange, Reconnect, Session
from esapr.load_tests.running.schedule import Stay
from esapr.load_tests.running.wire import Joined, Left, Reconnected, Seen
from esapr.protocol.limits import DEFAULT_TICK_MS

TICK = DEFAULT_TICK_MS / 1000
HOLE_TICKS = 1.5
"""Without a state for longer is a hole."""


class Account:
    """One session; a state is known by the tick it is due at, as numbers jump in a takeover."""

    def __init__(self, stay: Stay) -> None:
        """Count for ``stay``."""
        self.stay = stay
        self.joined: Joined | None = None
        self.left: Left | None = None
        self._first: float | None = None
        self._states: dict[int, Seen] = {}
        self._reconnects: list[Reconnect] = []

    def see(self, state: Seen) -> None:
        """Count a state; one that comes again counts once."""
        if self._first is None:
            self._first = state.due_at
        self._states.setdefault(round((state.due_at - self._first) / TICK), state)

    def reconnect(self, event: Reconnected) -> None:
        """Count a feed that broke."""
        self._reconnects.append(Reconnect(event.at, event.seconds, event.code))

    def due(self, until: float) -> int:
        """Return how many states were due up to ``until``: of its stay, whenever it ended."""
        last = min(until, self.stay.leaves_at)
        return max(0, math.floor((last - self._first_due) / TICK) + 1)

    def due_times(self, until: float) -> Iterator[float]:
        """Yield when each of these states was due."""
        return (self._first_due + tick * TICK for tick in range(self.due(until)))

    def received(self, until: float) -> list[Seen]:
        """Return the due states that came, in the order of their ticks."""
        due = self.due(until)
        return [self._states[tick] for tick in sorted(self._states) if 0 <= tick < due]

    def level_changes(self) -> Iterator[LevelChange]:
        """Yield the states whose level is another one than that of the state before."""
        level = "full"
        for state in sorted(self._states.values(), key=lambda state: state.at):
            if state.level != level:
                yield LevelChange(state.at, self.stay.name, state.level)
            level = state.level

    def report(self, until: float) -> Session:
        """Return all of it."""
        states = self.received(until)
        delays = [state.delay_ms for state in states if state.delay_ms is not None]
        judged = [state for state in states if state.right is not None]
        return Session(
            name=self.stay.name,
            kind=self.stay.kind,
            joined_at_seconds=self.stay.joins_at,
            left_at_seconds=self.left.at if self.left else min(until, self.stay.leaves_at),
            setup_ms=self.joined.setup_ms if self.joined else None,
            due=self.due(until),
            received=len(states),
            fused=sum(state.fused for state in states),
            judged=len(judged),
            right=sum(bool(state.right) for state in judged),
            modalities=dict(Counter(name for state in states for name in state.modalities)),
            p50_ms=percentile(delays, 0.5),
            p95_ms=percentile(delays, 0.95),
            holes=list(self._holes(until)),
            reconnects=self._reconnects,
            lost=self.left.lost if self.left else "",
        )

    @property
    def _first_due(self) -> float:
        # A session that got nothing was due a state a tick after it was asked for.
        return self.stay.joins_at + TICK if self._first is None else self._first

    def _holes(self, until: float) -> Iterator[Hole]:
        due = self.due(until)
        arrived = sorted((state.at, tick) for tick, state in self._states.items() if tick < due)
        end = (min(until, self.stay.leaves_at), due)
        for (before, left_tick), (after, right_tick) in pairwise([*arrived, end]):
            if after - before > HOLE_TICKS * TICK:
                ticks = range(left_tick + 1, right_tick)
                missing = sum(tick not in self._states for tick in ticks)
                yield Hole(before, after - before, missing)
