"""What waits for one subscriber. No asyncio, no sockets.

Every state and every control message is kept in order up to a bound; of overlays only the newest
is kept. What had to go is reported as one ``gap`` in its place.
"""

from collections import deque
from dataclasses import dataclass, field

from esapr.protocol import limits
from esapr.protocol.codec import Format, encode
from esapr.protocol.messages import Gap, Overlay, ServerMessage, State


@dataclass(slots=True, eq=False)
class Broadcast:
    """A message that is encoded at most once per format, however many subscribers there are."""

    message: ServerMessage
    _encoded: dict[Format, bytes] = field(default_factory=dict)

    def encoded(self, form: Format) -> bytes:
        """Return the message's bytes."""
        if form not in self._encoded:
            self._encoded[form] = encode(self.message, form)
        return self._encoded[form]


class Outbox:
    """Messages for one subscriber, oldest first."""

    def __init__(self, capacity: int = limits.OUTBOX_STATES) -> None:
        """Hold at most ``capacity`` messages besides one overlay."""
        self._capacity = capacity
        self._limit = capacity
        self._queue: deque[Broadcast] = deque()
        self._overlay: Broadcast | None = None
        self._gap: Gap | None = None
        self.skipped = 0
        """States that this subscriber did not read in time."""

    @property
    def behind(self) -> bool:
        """Whether the subscriber has missed a whole outbox of states and should reconnect."""
        return self.skipped > self._capacity

    def put(self, item: Broadcast) -> None:
        """Add a message; the oldest state makes room if there is none."""
        if isinstance(item.message, Overlay):
            self._overlay = item
            return
        self._queue.append(item)
        if len(self._queue) > self._limit:
            self._skip_oldest()

    def put_replay(self, items: list[Broadcast]) -> None:
        """Add what a returning subscriber has missed: kept whole, besides the bound."""
        self._queue.extend(items)
        self._limit = len(self._queue) + self._capacity

    def take(self) -> list[Broadcast]:
        """Remove and return everything that waits, in the order to send it."""
        gap = [Broadcast(self._gap)] if self._gap else []
        overlay = [self._overlay] if self._overlay else []
        # An overlay comes first: behind the last words it would part them from the close.
        taken = [*gap, *overlay, *self._queue]
        self._queue.clear()
        self._limit = self._capacity
        self._gap = self._overlay = None
        return taken

    def _skip_oldest(self) -> None:
        oldest = next((i for i in self._queue if isinstance(i.message, State)), self._queue[0])
        self._queue.remove(oldest)
        if isinstance(oldest.message, State):
            seq = oldest.message.seq
            self._gap = Gap(self._gap.from_seq if self._gap else seq, seq)
            self.skipped += 1
