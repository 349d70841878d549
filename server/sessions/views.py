"""What each view shows of a room: messages in, messages out. No asyncio, no clock.

This file decides what a watcher gets to know; ``tests/server/sessions/test_views.py`` checks that
nothing else gets through.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from esapr.inference.smoothing import ExponentialSmoothing
from esapr.protocol import limits
from esapr.protocol.messages import Fused, State
from esapr.protocol.rooms import (
    Aggregate,
    Direction,
    Mean,
    MemberEvent,
    MemberJoined,
    MemberLeft,
    Role,
    Scope,
    Trend,
    View,
    Withheld,
)
from esapr.server.sessions.outbox import Broadcast

VIEW: dict[Role, View] = {
    "participant": "own",
    "clinician": "full",
    "supervisor": "trends",
    "observer": "aggregate",
}
SCOPES: dict[Role, tuple[Scope, ...]] = {
    "participant": ("feed", "media", "text", "control", "mute", "report"),
    "clinician": ("feed", "mute", "report", "notes"),
    "supervisor": ("feed", "notes"),
    "observer": ("feed",),
}
"""All that a role may be allowed to do."""

TREND_HALF_LIVES = (5.0, 20.0)
"""A trend is the difference of two running means: what was shown of late, and before."""

TREND_AFTER = 10.0
"""Seconds of expressions without which there is no trend; a pause as long begins anew."""

STEADY = 0.05
"""Largest difference, on the circumplex's scale of -1 to 1, that is no movement."""

AGGREGATE_SECONDS = 1.0
"""Time between two aggregates."""

FRESH_SECONDS = 2 * limits.MAX_TICK_MS / 1000
"""Age past which a person's state no longer counts."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Those who are shown the same: a view and, for ``own``, whose."""

    view: View
    session: str | None = None


class Trends:
    """The direction in which one person's expression moves."""

    def __init__(self) -> None:
        """Start without an expression."""
        self._restart(-inf)

    def update(self, state: State) -> Trend:
        """Take in the next state and return its trend."""
        now = state.t_end_ms / 1000
        valence = arousal = None
        if state.fused:
            moved = self._moved(state.fused, now)
            if now - self._since >= TREND_AFTER:
                valence, arousal = _direction(moved[0]), _direction(moved[1])
        return Trend(
            session=state.session,
            participant=state.participant,
            seq=state.seq,
            t_start_ms=state.t_start_ms,
            t_end_ms=state.t_end_ms,
            valence=valence,
            arousal=arousal,
        )

    def _restart(self, now: float) -> None:
        self._since = self._last = now
        self._means = [ExponentialSmoothing(half_life) for half_life in TREND_HALF_LIVES]

    def _moved(self, fused: Fused, now: float) -> NDArray[np.float32]:
        if now - self._last > TREND_AFTER:
            self._restart(now)
        self._last = now
        position = np.array([fused.valence, fused.arousal], dtype=np.float32)
        recent, before = (mean.update(position, now) for mean in self._means)
        return recent - before


def _direction(difference: float) -> Direction:
    if abs(difference) <= STEADY:
        return "steady"
    return "rising" if difference > 0 else "falling"


class Crowd:
    """The mean over everybody in a room, from ``MIN_AGGREGATE_PEOPLE`` people upwards."""

    def __init__(self, room: str) -> None:
        """Start without people."""
        self._room = room
        self._shown: dict[str, tuple[float, Fused]] = {}
        self._sent = -AGGREGATE_SECONDS

    def update(self, state: State, now: float) -> Aggregate | None:
        """Take in a state at ``now``; return an aggregate if one is due.

        A person counts once, by name, with however many sessions.
        """
        if state.fused:
            self._shown[state.participant] = (now, state.fused)
        else:
            self._shown.pop(state.participant, None)
        if now - self._sent < AGGREGATE_SECONDS:
            return None
        self._sent = now
        return self._aggregate(now)

    def leave(self, participant: str) -> None:
        """Forget a person who has left."""
        self._shown.pop(participant, None)

    def _aggregate(self, now: float) -> Aggregate:
        fresh = [fused for at, fused in self._shown.values() if now - at <= FRESH_SECONDS]
        if len(fresh) < limits.MIN_AGGREGATE_PEOPLE:
            withheld = Withheld("too_few_people", limits.MIN_AGGREGATE_PEOPLE)
            return Aggregate(self._room, None, withheld)
        probs = np.mean([fused.probs for fused in fresh], axis=0)
        mean = Mean(
            people=len(fresh),
            probs=[round(float(p), 2) for p in probs],
            valence=round(sum(fused.valence for fused in fresh) / len(fresh), 2),
            arousal=round(sum(fused.arousal for fused in fresh) / len(fresh), 2),
        )
        return Aggregate(self._room, mean, None)


class Views:
    """Turns what happens in one room into what each channel is sent."""

    def __init__(self, room: str) -> None:
        """Start with an empty room."""
        self._trends: dict[str, Trends] = {}
        self._crowd = Crowd(room)

    def of_state(
        self, item: Broadcast, state: State, now: float
    ) -> Iterator[tuple[Channel, Broadcast]]:
        """Yield what each channel is shown of ``state``, which ``item`` carries."""
        yield Channel("full"), item
        yield Channel("own", state.session), item
        trends = self._trends.setdefault(state.session, Trends())
        yield Channel("trends"), Broadcast(trends.update(state))
        if aggregate := self._crowd.update(state, now):
            yield Channel("aggregate"), Broadcast(aggregate)

    def of_event(self, item: Broadcast, event: MemberEvent) -> Iterator[tuple[Channel, Broadcast]]:
        """Yield what each channel is told of ``event``: an aggregate's watchers, nothing."""
        session = event.member.session if isinstance(event, MemberJoined) else event.session
        if isinstance(event, MemberLeft):
            self._trends.pop(session, None)
            self._crowd.leave(event.participant)
        yield Channel("full"), item
        yield Channel("trends"), item
        yield Channel("own", session), item
