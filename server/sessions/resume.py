"""The states that a reconnecting subscriber may still ask for. No asyncio, no clock."""

from collections import deque
from dataclasses import dataclass

from esapr.protocol import limits
from esapr.protocol.messages import Gap
from esapr.server.sessions.outbox import Broadcast


@dataclass(frozen=True, slots=True)
class Replay:
    """States to send again, after the gap of those that are forgotten, if any."""

    gap: Gap | None
    states: list[Broadcast]


class History:
    """States of the last ``seconds`` seconds by sequence number."""

    def __init__(self, seconds: float = limits.RESUME_SECONDS) -> None:
        """Start empty."""
        self._seconds = seconds
        self._states: deque[tuple[int, float, Broadcast]] = deque()
        self._next = 0

    def add(self, seq: int, at: float, state: Broadcast) -> None:
        """Keep a state made at ``at`` (seconds) and forget those that are too old."""
        self._states.append((seq, at, state))
        self._next = seq + 1
        while self._states[0][1] < at - self._seconds:
            self._states.popleft()

    def since(self, last_seq: int) -> Replay:
        """Return what a client that has seen ``last_seq`` has missed.

        Raises:
            ValueError: no state of that number has been made yet.
        """
        if last_seq >= self._next:
            raise ValueError(f"last_seq {last_seq} has not been sent, the next is {self._next}")
        states = [(seq, state) for seq, _, state in self._states if seq > last_seq]
        first = states[0][0] if states else self._next
        gap = Gap(last_seq + 1, first - 1) if first > last_seq + 1 else None
        return Replay(gap, [state for _, state in states])
