"""A room's feed: what a role may see of everybody in it, over one WebSocket."""

import asyncio

from aiohttp import web
from msgspec import UNSET

from esapr.inference.emotions import LABELS
from esapr.protocol import VERSION
from esapr.protocol.binary import Media
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import ClientMessage, Hello, Ping, Pong, ServerMessage
from esapr.protocol.rooms import Mute, RoomEntered
from esapr.protocol.routes import OPEN_ROOM_FEED
from esapr.server.http.feed_socket import FeedSocket, open_socket
from esapr.server.http.greeting import check_greeted, check_hello
from esapr.server.http.keys import GATE, METRICS, ROOMS
from esapr.server.http.routing import bind
from esapr.server.http.tokens import granted
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.room import Room
from esapr.server.sessions.rooms import Rooms
from esapr.server.sessions.subscriber import Subscriber
from esapr.server.sessions.views import VIEW, Channel
from esapr.server.trust.notices import DEFAULT_LANGUAGE
from esapr.server.trust.tokens import Grant


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [bind(OPEN_ROOM_FEED, get_feed)]


async def get_feed(request: web.Request) -> web.WebSocketResponse:
    """Serve one watcher until it leaves or everybody has left the room.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid``, ``scope_missing`` or ``too_many_feeds``.
    """
    rooms = request.app[ROOMS]
    room = rooms.get(request.match_info["room"])
    grant = await granted(request, "feed", room=room.id)
    view = VIEW[grant.role]
    channel = Channel(view, grant.session if view == "own" else None)
    subscriber = room.watch(channel, grant.id)
    try:
        opened = await open_socket(request)
        notice = request.app[GATE].notices.text(DEFAULT_LANGUAGE)
        conversation = RoomFeed(rooms, room, channel, subscriber, grant, notice=notice)
        await FeedSocket(opened, subscriber, conversation, request.app[METRICS]).serve()
        return opened.response
    finally:
        room.unwatch(channel, subscriber)


class RoomFeed:
    """The conversation about one room; implements :class:`Conversation`."""

    def __init__(
        self,
        rooms: Rooms,
        room: Room,
        channel: Channel,
        subscriber: Subscriber,
        grant: Grant,
        *,
        notice: str,
    ) -> None:
        """Let ``subscriber`` see what ``channel`` shows and do what ``grant`` allows."""
        self._rooms = rooms
        self._room = room
        self._channel = channel
        self._subscriber = subscriber
        self._grant = grant
        self._notice = notice
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.time()

    def now(self) -> float:
        """Return the seconds since this feed was opened."""
        return self._loop.time() - self._opened

    def handle(self, message: ClientMessage) -> None:
        """Act on a message.

        Raises:
            ProtocolError: whatever is wrong with it.
        """
        match message:
            case Hello():
                self._greet(message)
            case Mute():
                check_greeted(self._subscriber)
                self._mute(message)
            case Ping():
                self._put(Pong(message.t, int(self.now() * 1000)))
            case _:
                raise ProtocolError(
                    ErrorCode.BAD_MESSAGE, "a room's feed takes hello, mute and ping", "type"
                )

    async def take_media(self, media: Media) -> None:
        """Refuse a picture or sound: people send media into their own sessions.

        Raises:
            ProtocolError: ``bad_message``.
        """
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "a room's feed takes no media", "kind")

    def _greet(self, hello: Hello) -> None:
        check_hello(hello, self._subscriber)
        self._subscriber.greeted = True
        self._put(
            RoomEntered(
                room=self._room.id,
                role=self._grant.role,
                view=self._channel.view,
                version=VERSION,
                labels=list(LABELS),
                members=self._room.shown_members(self._channel),
                notice=self._notice,
            )
        )
        if hello.resume is not UNSET:
            if hello.resume.last_seqs is UNSET:
                raise ProtocolError(
                    ErrorCode.CONFIG_INVALID,
                    "a room's feed resumes from last_seqs",
                    "resume.last_seqs",
                )
            self._room.replay(self._channel, self._subscriber, hello.resume.last_seqs)

    def _mute(self, mute: Mute) -> None:
        if "mute" not in self._grant.scopes:
            raise ProtocolError(ErrorCode.SCOPE_MISSING, "the token does not allow mute")
        shown = {member.session for member in self._room.shown_members(self._channel)}
        if mute.session is UNSET or mute.session not in shown:
            raise ProtocolError(ErrorCode.CONFIG_INVALID, "nobody of that session", "session")
        self._rooms.publish(self._room.id, Broadcast(mute))

    def _put(self, message: ServerMessage) -> None:
        self._subscriber.put(Broadcast(message))
