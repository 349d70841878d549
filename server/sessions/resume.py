"""The states that a reconnecting subscriber may still ask for. No asyncio, no clock."""

from collections import deque

from esapr.protocol import limits
from esapr.server.sessions.outbox import Broadcast


class History:
    """States of the last ``seconds`` seconds by sequence number."""

    def __init__(self, seconds: float = limits.RESUME_SECONDS) -> None:
        """Start empty."""
        self._seconds = seconds
        self._states: deque[tuple[int, float, Broadcast]] = deque()
        self.next_seq = 0
        """Number of the next state, as far as is known here."""

    def add(self, seq: int, at: float, state: Broadcast) -> None:
        """Keep a state made at ``at`` (seconds) and forget those that are too old."""
        self._states.append((seq, at, state))
        self.next_seq = seq + 1
        while self._states[0][1] < at - self._seconds:
            self._states.popleft()

    def go_on(self, history: "History", next_seq: int) -> None:
        """Keep what ``history`` keeps; ``next_seq`` is the number of the next state."""
        self._states = deque(history._states)
        self.next_seq = next_seq

    def since(self, last_seq: int) -> list[Broadcast]:
        """Return the states after ``last_seq`` that are kept; the outbox reports the others."""
        return [state for seq, _, state in self._states if seq > last_seq]
