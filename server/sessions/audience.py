"""Everybody who watches one session, and the states kept for those who come back."""

from collections.abc import Collection

from esapr.protocol import limits
from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError
from esapr.protocol.messages import Error, ServerMessage
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.refusals import error_message
from esapr.server.sessions.resume import History
from esapr.server.sessions.subscriber import Subscriber


class Audience:
    """The subscribers of a session. Each message is encoded once per format for all of them."""

    def __init__(self, session: str) -> None:
        """Start without subscribers of ``session``."""
        self.session = session
        """Whose states they see."""
        self._subscribers: set[Subscriber] = set()
        self._history = History()
        self.joined = 0
        """How many subscribers there were."""

    def __len__(self) -> int:
        """Return the number of subscribers."""
        return len(self._subscribers)

    @property
    def wants_overlays(self) -> bool:
        """Whether any subscriber asked for boxes and landmarks."""
        return any(subscriber.detail == "overlay" for subscriber in self._subscribers)

    def publish(self, *messages: ServerMessage) -> None:
        """Queue messages for every subscriber."""
        for message in messages:
            self.put(Broadcast(message))

    def put(self, item: Broadcast) -> None:
        """Queue a message that others are sent, too."""
        for subscriber in self._subscribers:
            subscriber.put(item)

    def publish_state(self, item: Broadcast, seq: int, now: float) -> None:
        """Queue a state for every subscriber and keep it for those who come back."""
        self._history.add(seq, now, item)
        self.put(item)

    def join(self, token: str = "") -> Subscriber:
        """Add a subscriber, whose feed was opened with the token of that id.

        Raises:
            ProtocolError: ``too_many_feeds``.
        """
        if len(self._subscribers) >= limits.MAX_FEEDS_PER_SESSION:
            raise ProtocolError(
                ErrorCode.TOO_MANY_FEEDS,
                f"a session has at most {limits.MAX_FEEDS_PER_SESSION} feeds",
            )
        subscriber = Subscriber(token)
        self._subscribers.add(subscriber)
        self.joined += 1
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Remove a subscriber whose socket has gone."""
        self._subscribers.discard(subscriber)

    def revoke(self, tokens: Collection[str]) -> None:
        """Close the feeds that these tokens have opened."""
        for subscriber in self._subscribers:
            if subscriber.token in tokens:
                subscriber.revoke()

    def replay(self, subscriber: Subscriber, last_seq: int) -> None:
        """Queue what ``subscriber`` has missed since the state ``last_seq``.

        Raises:
            ProtocolError: ``config_invalid`` if that state has not been made yet.
        """
        if last_seq >= self._history.next_seq:
            raise ProtocolError(
                ErrorCode.CONFIG_INVALID,
                f"{last_seq} has not been sent, the next is {self._history.next_seq}",
                "resume.last_seq",
            )
        subscriber.resume(self.session, last_seq)
        subscriber.put_replay(self._history.since(last_seq))

    def keep(self, history: History, next_seq: int) -> None:
        """Go on from the states of ``history``; ``next_seq`` is the number of the next one."""
        self._history.go_on(history, next_seq)

    def dismiss(self, last: ServerMessage | None, code: CloseCode, error: ErrorCode | None) -> None:
        """Send ``last`` and ``error``, as far as there are any, and let every socket close."""
        if last:
            self.publish(last)
        if error:
            self.publish(parting_error(error))
        for subscriber in self._subscribers:
            subscriber.close(code)


def parting_error(code: ErrorCode) -> Error:
    """Return what is said of ``code`` right before a close frame."""
    return error_message(ProtocolError(code, code.replace("_", " ")))
