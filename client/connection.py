"""One subscriber's way through any number of sockets. No I/O; chance is an argument.

Says how to greet, what to hand over of what comes, and after a loss how long to wait before the
next attempt, or that it is over. Each state of each session is handed over once and in order, or
a ``gap`` stands in its place.
"""

from collections.abc import Callable

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from esapr.client.errors import EsaprError, FeedClosedError, UnreachableError
from esapr.protocol import VERSION
from esapr.protocol.errors import CloseCode
from esapr.protocol.limits import MAX_ROOM_MEMBERS
from esapr.protocol.messages import (
    Error,
    Gap,
    Hello,
    Resume,
    ServerMessage,
    SessionClosed,
    SessionCreated,
    State,
)
from esapr.protocol.rooms import RoomClosed, RoomEntered, Trend

Greeting = SessionCreated | RoomEntered
"""Answers to ``hello``: of a session's feed, and of a room's."""

FIRST_DELAY, LONGEST_DELAY = 0.5, 8.0
"""Range of the first and of every later delay, in seconds."""

MAX_ATTEMPTS = 10
"""Attempts in a row that may fail."""

ABNORMAL = 1006
RESTART = 1012
RECONNECT = frozenset(
    {CloseCode.SHUTDOWN, ABNORMAL, CloseCode.INTERNAL, RESTART, CloseCode.TRY_LATER}
)
"""Close codes after which a client comes back."""


def back_off(attempt: int, chance: float) -> float:
    """Return the seconds before an attempt (1, 2, …); ``chance`` lies in [0, 1).

    Half of a range that doubles up to its cap, and up to as much again: clients that lost their
    server together do not come back together.
    """
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (attempt - 1))
    return longest * (0.5 + 0.5 * chance)


class Connection:
    """The state of one subscription, from its first socket to its end."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """Start before the first attempt; ``chance`` returns numbers in [0, 1)."""
        self._chance = chance
        self._attempt = 0
        self._last_seqs: dict[str, int] = {}
        self._last_words: Error | None = None
        self.finishing = False
        """Whether the end was asked for."""
        self.greeting: Greeting | None = None
        """The newest answer to ``hello``."""
        self.closed: SessionClosed | RoomClosed | None = None
        """The last message of the session or the room, if it has come."""
        self.over = False
        self.error: EsaprError | None = None
        """Why it is over; None if that was asked for."""

    def finish(self) -> None:
        """Note that the end is asked for: however it comes, it is no error."""
        self.finishing = True

    def hello(self) -> Hello:
        """Return the first message for a new socket."""
        self._last_words = None
        return Hello(version=VERSION, resume=self._resume())

    def _resume(self) -> Resume | UnsetType:
        if not self._last_seqs:
            return UNSET
        if isinstance(self.greeting, RoomEntered):
            return Resume(last_seqs=dict(self._last_seqs))
        (last_seq,) = self._last_seqs.values()
        return Resume(last_seq=last_seq)

    def take(self, message: ServerMessage) -> list[ServerMessage]:
        """Take in a message; return what to hand over."""
        self._last_words = message if isinstance(message, Error) else None
        match message:
            case SessionCreated() | RoomEntered():
                self.greeting = message
                self._attempt = 0
            case State() | Trend():
                return self._in_order(message)
            case Gap():
                return self._skip(message)
            case SessionClosed() | RoomClosed():
                self.closed = message
        return [message]

    def _in_order(self, state: State | Trend) -> list[ServerMessage]:
        last = self._last_seqs.get(state.session)
        if last is not None and state.seq <= last:
            return []
        self._note(state.session, state.seq)
        if last is None or state.seq == last + 1:
            return [state]
        return [Gap(state.session, last + 1, state.seq - 1), state]

    def _skip(self, gap: Gap) -> list[ServerMessage]:
        last = self._last_seqs.get(gap.session)
        if last is not None and gap.to_seq <= last:
            return []
        self._note(gap.session, gap.to_seq)
        return [gap if last is None else replace(gap, from_seq=last + 1)]

    def _note(self, session: str, seq: int) -> None:
        self._last_seqs[session] = seq
        if len(self._last_seqs) > MAX_ROOM_MEMBERS:
            # Of more a server takes none; who came first has most likely left.
            del self._last_seqs[next(iter(self._last_seqs))]

    def lost(self, close_code: int) -> float | None:
        """Note that the socket is gone; return the seconds before the next one, None for none."""
        if self.closed is None and close_code in RECONNECT:
            tried = f"{MAX_ATTEMPTS} attempts in a row to reach the feed have failed"
            return self._again(UnreachableError(tried))
        self._end(self._reason(close_code))
        return None

    def refused(self, error: EsaprError) -> float | None:
        """Note that no socket came about; return as :meth:`lost` does."""
        if error.retryable:
            return self._again(error)
        self._end(error)
        return None

    def _again(self, error: EsaprError) -> float | None:
        self._attempt += 1
        if self._attempt <= MAX_ATTEMPTS:
            return back_off(self._attempt, self._chance())
        self._end(error)
        return None

    def _reason(self, close_code: int) -> EsaprError | None:
        if close_code == CloseCode.DONE:
            return None
        said = self._last_words
        if said is None:
            return FeedClosedError(f"closed_{close_code}", "the server closed the feed")
        return FeedClosedError(
            said.code,
            said.message,
            retryable=said.retryable,
            field=said.field or None,
            request_id=said.request_id,
        )

    def _end(self, error: EsaprError | None) -> None:
        self.over = True
        self.error = None if self.finishing else error
