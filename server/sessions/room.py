"""A room: the people in it, those who watch, and the states kept for those who come back."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from itertools import chain
from typing import get_args

from msgspec.structs import replace

from esapr.inference.signals import Abstain
from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import State
from esapr.protocol.requests import Modality
from esapr.protocol.rooms import (
    Member,
    MemberEvent,
    MemberJoined,
    MemberLeft,
    MemberMuted,
    MemberPaused,
    Mute,
    RoomClosed,
    Trend,
    View,
)
from esapr.server.sessions.audience import parting_error
from esapr.server.sessions.endings import MOVED, REVOKED, Ending
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.resume import History
from esapr.server.sessions.subscriber import Subscriber
from esapr.server.sessions.views import Channel, Views
from esapr.server.trust.tokens import TokensRevoked

SetMuted = Callable[[Modality, bool], None]


class Room:
    """One room as one gateway keeps it. Each message is encoded once per format and view."""

    def __init__(self, room_id: str, now: Callable[[], float]) -> None:
        """Start empty; ``now`` is the gateway's clock in seconds."""
        self.id = room_id
        self.members: dict[str, Member] = {}
        self.switches: dict[str, SetMuted] = {}
        """How to mute the sessions of this gateway."""
        self._now = now
        self._views = Views(room_id)
        self._watchers: defaultdict[Channel, set[Subscriber]] = defaultdict(set)
        self._histories: dict[tuple[View, str], History] = {}
        self._heard: dict[str, float] = {}
        self._departed: dict[str, tuple[float, Broadcast]] = {}

    def shown_members(self, channel: Channel) -> list[Member]:
        """Return the people that a channel may know of."""
        match channel.view:
            case "aggregate":
                return []
            case "own":
                return [self.members[s] for s in (channel.session,) if s in self.members]
            case _:
                return list(self.members.values())

    def watch(self, channel: Channel, token: str = "") -> Subscriber:
        """Add a watcher, whose feed was opened with the token of that id.

        Raises:
            ProtocolError: ``too_many_feeds``.
        """
        if sum(map(len, self._watchers.values())) >= limits.MAX_FEEDS_PER_ROOM:
            raise ProtocolError(
                ErrorCode.TOO_MANY_FEEDS, f"a room has at most {limits.MAX_FEEDS_PER_ROOM} feeds"
            )
        subscriber = Subscriber(token)
        self._watchers[channel].add(subscriber)
        return subscriber

    def unwatch(self, channel: Channel, subscriber: Subscriber) -> None:
        """Remove a watcher whose socket has gone."""
        self._watchers[channel].discard(subscriber)

    def replay(
        self, channel: Channel, subscriber: Subscriber, last_seqs: Mapping[str, int]
    ) -> None:
        """Queue what a watcher has missed since the states ``last_seqs``, by session."""
        for session, last_seq in last_seqs.items():
            subscriber.resume(session, last_seq)
        shown = "full" if channel.view == "own" else channel.view
        missed: list[Broadcast] = []
        for session in self._resumable(channel, last_seqs):
            if history := self._histories.get((shown, session)):
                missed += history.since(last_seqs.get(session, -1))
            if session in self._departed:
                missed.append(self._departed[session][1])
        subscriber.put_replay(missed)

    def history(self, session: str) -> History:
        """Return the states of a session that are kept."""
        return self._histories.get(("full", session), History())

    def receive(self, item: Broadcast) -> None:
        """Take in what the bus brings."""
        match item.message:
            case State() as state:
                now = self._now()
                self._heard[state.session] = now
                if state.session not in self.members:
                    # It came before this gateway did, or was silent for too long.
                    self.receive(Broadcast(MemberJoined(self.id, _member(state))))
                for channel, shown in self._views.of_state(item, state, now):
                    self._keep(channel, shown, now)
                    self._send(channel, shown)
            case MemberJoined() | MemberLeft() | MemberMuted() | MemberPaused() as event:
                self._note(item, event)
                for channel, shown in self._views.of_event(item, event):
                    self._send(channel, shown)
            case Mute(modality, muted, str(session)) if session in self.switches:
                self.switches[session](modality, muted)
            case TokensRevoked(tokens):
                self._revoke(tokens)

    def _resumable(self, channel: Channel, last_seqs: Mapping[str, int]) -> list[str]:
        """Return the sessions that are replayed: everybody, and who was seen and has left."""
        present = [member.session for member in self.shown_members(channel)]
        gone = [s for s in last_seqs if s in self._departed and channel.session in (None, s)]
        return present if channel.view == "aggregate" else [*present, *gone]

    def silent(self, seconds: float) -> list[tuple[str, str]]:
        """Return session and participant of those elsewhere who were not heard for so long."""
        late = self._now() - seconds
        return [
            (session, member.participant)
            for session, member in self.members.items()
            if session not in self.switches and self._heard[session] < late
        ]

    def close(self, ending: Ending) -> None:
        """Tell every watcher that everybody has left, and let their sockets close."""
        last = [] if ending is MOVED else [Broadcast(RoomClosed(self.id))]
        if ending.error:
            last.append(Broadcast(parting_error(ending.error)))
        for subscriber in chain.from_iterable(self._watchers.values()):
            for item in last:
                subscriber.put(item)
            subscriber.close(ending.close_code)

    def _revoke(self, tokens: Collection[str]) -> None:
        for subscriber in chain.from_iterable(self._watchers.values()):
            if subscriber.token in tokens:
                subscriber.revoke()

    def _note(self, item: Broadcast, event: MemberEvent) -> None:
        match event:
            case MemberJoined(member=member):
                self.members[member.session] = member
                self._heard[member.session] = self._now()
            case MemberLeft(session=session):
                self.members.pop(session, None)
                self._heard.pop(session, None)
                self._departed[session] = (self._now(), item)
                if event.reason == REVOKED:
                    self._forget(session)
                self._forget_departed()
            case MemberMuted(session=session) if session in self.members:
                member = self.members[session]
                others = [m for m in member.muted if m != event.modality]
                muted = sorted([*others, event.modality]) if event.muted else others
                self.members[session] = replace(member, muted=muted)
            case MemberPaused(session=session) if session in self.members:
                self.members[session] = replace(self.members[session], paused=event.paused)

    def _forget_departed(self) -> None:
        """Forget those whom nobody can resume any more."""
        old = self._now() - limits.RESUME_SECONDS
        for session in [s for s, (at, _) in self._departed.items() if at < old]:
            del self._departed[session]
            self._forget(session)

    def _forget(self, session: str) -> None:
        """Keep no state of a session any more."""
        for view in get_args(View):
            self._histories.pop((view, session), None)

    def _keep(self, channel: Channel, item: Broadcast, now: float) -> None:
        """Keep the states of everybody and their trends; one's own are among the former."""
        if channel.view in ("full", "trends") and isinstance(item.message, State | Trend):
            history = self._histories.setdefault((channel.view, item.message.session), History())
            # A gateway that has lost the session may still be sending.
            if item.message.seq >= history.next_seq:
                history.add(item.message.seq, now, item)

    def _send(self, channel: Channel, item: Broadcast) -> None:
        for subscriber in self._watchers.get(channel, ()):
            subscriber.put(item)


def room_name(holder: str, room: str) -> str:
    """Return the name of a room among those of all holders of keys: a point is in no other name."""
    return f"{holder}.{room}" if holder else room


def _member(state: State) -> Member:
    paused = state.abstain is not None and state.abstain.reason == Abstain.PAUSED
    return Member(state.session, state.participant, state.muted, paused)
