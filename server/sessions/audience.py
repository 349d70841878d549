"""Everybody who watches one session, and the states kept for those who come back."""

from esapr.protocol import limits
from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError
from esapr.protocol.messages import ServerMessage, State
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.refusals import error_message
from esapr.server.sessions.resume import History
from esapr.server.sessions.subscriber import Subscriber


class Audience:
    """The subscribers of a session. Each message is encoded once per format for all of them."""

    def __init__(self) -> None:
        """Start without subscribers."""
        self._subscribers: set[Subscriber] = set()
        self._history = History()

    def __len__(self) -> int:
        """Return the number of subscribers."""
        return len(self._subscribers)

    @property
    def wants_overlays(self) -> bool:
        """Whether any subscriber asked for boxes and landmarks."""
        return any(subscriber.detail == "overlay" for subscriber in self._subscribers)

    def publish(self, *messages: ServerMessage) -> None:
        """Queue messages for every subscriber."""
        for item in map(Broadcast, messages):
            for subscriber in self._subscribers:
                subscriber.put(item)

    def publish_state(self, state: State, now: float) -> None:
        """Queue a state for every subscriber and keep it for those who come back."""
        item = Broadcast(state)
        self._history.add(state.seq, now, item)
        for subscriber in self._subscribers:
            subscriber.put(item)

    def join(self) -> Subscriber:
        """Add a subscriber.

        Raises:
            ProtocolError: ``too_many_feeds``.
        """
        if len(self._subscribers) >= limits.MAX_FEEDS_PER_SESSION:
            raise ProtocolError(
                ErrorCode.TOO_MANY_FEEDS,
                f"a session has at most {limits.MAX_FEEDS_PER_SESSION} feeds",
            )
        subscriber = Subscriber()
        self._subscribers.add(subscriber)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Remove a subscriber whose socket has gone."""
        self._subscribers.discard(subscriber)

    def replay(self, subscriber: Subscriber, last_seq: int) -> None:
        """Queue what ``subscriber`` has missed since the state ``last_seq``.

        Raises:
            ProtocolError: ``config_invalid`` if that state has not been made yet.
        """
        try:
            replay = self._history.since(last_seq)
        except ValueError as error:
            raise ProtocolError(ErrorCode.CONFIG_INVALID, str(error), "resume.last_seq") from error
        gap = [Broadcast(replay.gap)] if replay.gap else []
        subscriber.put_replay([*gap, *replay.states])

    def dismiss(self, last: ServerMessage, code: CloseCode, error: ErrorCode | None) -> None:
        """Send ``last``, then ``error`` if there is one, and let every socket close."""
        self.publish(last)
        if error:
            self.publish(error_message(ProtocolError(error, last_words(error))))
        for subscriber in self._subscribers:
            subscriber.close(code)


def last_words(code: ErrorCode) -> str:
    """Return what a closing session says of ``code``."""
    return code.replace("_", " ")
