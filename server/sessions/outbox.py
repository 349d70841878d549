"""What waits for one subscriber. No asyncio, no sockets.

States are handed over once and in order, session by session. A subscriber that does not keep up
drops to the latest state of each session; what it misses is reported as a ``gap`` in its place.
"""

from collections import deque
from dataclasses import dataclass, field

from esapr.protocol import limits
from esapr.protocol.codec import Format, encode
from esapr.protocol.messages import Gap, ServerMessage, State
from esapr.protocol.overlays import Overlay
from esapr.protocol.rooms import Aggregate, MemberLeft, Mute, Trend
from esapr.server.trust.tokens import TokensRevoked

Sequenced = State | Trend
Carried = ServerMessage | Mute | TokensRevoked
"""What goes to subscribers, and what only gateways tell one another."""


@dataclass(slots=True, eq=False)
class Broadcast:
    """A message that is encoded at most once per format, however many subscribers there are."""

    message: Carried
    _encoded: dict[Format, bytes] = field(default_factory=dict)
    _framed: dict[Format, bytes] = field(default_factory=dict)

    def encoded(self, form: Format) -> bytes:
        """Return the message's bytes."""
        if form not in self._encoded:
            self._encoded[form] = encode(self.message, form)
        return self._encoded[form]

    def framed(self, form: Format) -> bytes:
        """Return the message as a server's WebSocket frame (RFC 6455, section 5.2)."""
        if form not in self._framed:
            data = self.encoded(form)
            size = len(data)
            if size < 126:
                length = bytes((size,))
            elif size < 1 << 16:
                length = b"\x7e" + size.to_bytes(2)
            else:
                length = b"\x7f" + size.to_bytes(8)
            self._framed[form] = (b"\x81" if form is Format.JSON else b"\x82") + length + data
        return self._framed[form]


class Outbox:
    """Messages for one subscriber, oldest first."""

    def __init__(self, capacity: int = limits.OUTBOX_STATES) -> None:
        """Hold at most ``capacity`` messages besides one overlay."""
        self._capacity = capacity
        self._limit = capacity
        self._queue: deque[Broadcast] = deque()
        self._overlay: Broadcast | None = None
        self._put: dict[str, int] = {}
        self._due: dict[str, int] = {}
        self._overflows = 0
        self.skipped = 0
        """States and the like that this subscriber did not read in time."""

    @property
    def behind(self) -> bool:
        """Whether the subscriber has overflowed twice and should reconnect."""
        return self._overflows > 1

    def resume(self, session: str, last_seq: int) -> None:
        """Expect the state after ``last_seq`` as the next one of ``session``."""
        self._put[session] = last_seq
        self._due[session] = last_seq + 1

    def put(self, item: Broadcast) -> None:
        """Add a message, or nothing if it is a state that was added before."""
        message = item.message
        if isinstance(message, Overlay):
            self._overlay = item
            return
        if isinstance(message, Sequenced):
            if message.seq <= self._put.get(message.session, -1):
                return
            self._put[message.session] = message.seq
            self._due.setdefault(message.session, message.seq)
        self._queue.append(item)
        if len(self._queue) > self._limit:
            self._drop_to_latest()

    def put_replay(self, items: list[Broadcast]) -> None:
        """Add what a returning subscriber has missed: kept whole, besides the bound."""
        self._limit += len(items)
        for item in items:
            self.put(item)

    def take(self) -> list[Broadcast]:
        """Remove and return everything that waits, in the order to send it."""
        # An overlay comes first: behind the last words it would part them from the close.
        taken = [self._overlay] if self._overlay else []
        for item in self._queue:
            message = item.message
            if isinstance(message, Sequenced):
                due = self._due[message.session]
                if message.seq > due:
                    taken.append(Broadcast(Gap(message.session, due, message.seq - 1)))
                self._due[message.session] = message.seq + 1
            elif isinstance(message, MemberLeft):
                self._put.pop(message.session, None)
                self._due.pop(message.session, None)
            taken.append(item)
        self._queue.clear()
        self._limit = self._capacity
        self._overlay = None
        return taken

    def _drop_to_latest(self) -> None:
        latest = {key: item for item in self._queue if (key := _replaceable(item.message))}
        kept = [
            item
            for item in self._queue
            if (key := _replaceable(item.message)) is None or latest[key] is item
        ]
        outdated = len(self._queue) - len(kept)
        self.skipped += outdated
        self._overflows += outdated > 0
        # Control messages alone can still be too many.
        self._queue = deque(kept[-self._capacity :])


def _replaceable(message: Carried) -> str | None:
    """Return what a newer message of the same value makes worthless, or None if nothing does."""
    if isinstance(message, Sequenced):
        return message.session
    return message.room if isinstance(message, Aggregate) else None
