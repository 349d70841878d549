"""Messages that wait for the program. No I/O.

Holds a bounded number. When the program is slow the oldest goes; states among those that went are
reported as one ``gap`` a session before the next message.
"""

from collections import deque

from esapr.protocol.messages import Gap, ServerMessage, State
from esapr.protocol.rooms import Trend

CAPACITY = 256
"""Messages that may wait: four minutes of one state a second."""


class Inbox:
    """Messages for one reader, oldest first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Hold at most ``capacity`` messages."""
        self._capacity = capacity
        self._queue: deque[ServerMessage] = deque()
        self._gaps: dict[str, Gap] = {}
        self.dropped = 0
        """Messages that were not read in time."""

    def __len__(self) -> int:
        """Return how many messages wait."""
        return len(self._queue) + len(self._gaps)

    def put(self, message: ServerMessage) -> None:
        """Add a message; the oldest makes room if there is none."""
        self._queue.append(message)
        if len(self._queue) > self._capacity:
            self._drop(self._queue.popleft())

    def take(self) -> ServerMessage:
        """Remove and return the next message.

        Raises:
            IndexError: none waits.
        """
        if self._gaps:
            return self._gaps.pop(next(iter(self._gaps)))
        return self._queue.popleft()

    def _drop(self, message: ServerMessage) -> None:
        self.dropped += 1
        match message:
            case State(session=session, seq=seq) | Trend(session=session, seq=seq):
                self._extend(Gap(session, seq, seq))
            case Gap():
                self._extend(message)

    def _extend(self, gap: Gap) -> None:
        earlier = self._gaps.get(gap.session, gap)
        self._gaps[gap.session] = Gap(gap.session, earlier.from_seq, gap.to_seq)
