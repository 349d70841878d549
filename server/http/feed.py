"""A session's feed: states out, media, text and control messages in, over one WebSocket."""

from aiohttp import web
from msgspec import UNSET

from esapr.inference.emotions import LABELS
from esapr.protocol import VERSION, limits
from esapr.protocol.baselines import BaselineLoad, BaselineStart
from esapr.protocol.binary import Media
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import (
    ClientMessage,
    Close,
    Configure,
    ConsentRevoke,
    Hello,
    Limits,
    Ping,
    Pong,
    Resume,
    ServerMessage,
    SessionConfig,
    SessionCreated,
    SessionUpdated,
    Text,
)
from esapr.protocol.rooms import Mute, Pause, ResumeMedia, Scope
from esapr.protocol.routes import OPEN_FEED
from esapr.server.http.feed_socket import FeedSocket, open_socket
from esapr.server.http.greeting import check_greeted, check_hello
from esapr.server.http.keys import METRICS, SESSIONS
from esapr.server.http.routing import bind
from esapr.server.http.tokens import caller, granted
from esapr.server.sessions.endings import DONE, revoked
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.session import Session
from esapr.server.sessions.subscriber import Subscriber
from esapr.server.trust.tokens import unix_time

NEEDS: dict[type[ClientMessage], Scope] = {
    BaselineLoad: "control",
    BaselineStart: "control",
    Configure: "control",
    Close: "control",
    ConsentRevoke: "control",
    Mute: "mute",
    Pause: "control",
    ResumeMedia: "control",
    Text: "text",
}
"""Messages that a token must allow."""


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [bind(OPEN_FEED, get_feed)]


async def get_feed(request: web.Request) -> web.WebSocketResponse:
    """Serve one subscriber until it leaves or the session ends.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid``, ``scope_missing``,
            ``version_unsupported`` or ``too_many_feeds``.
    """
    session = request.app[SESSIONS].get(request.match_info["session"])
    grant = await granted(request, "feed", room=session.room, session=session.id)
    subscriber = session.audience.join(grant.id)
    try:
        opened = await open_socket(request)
        conversation = Feed(session, subscriber, grant.scopes, caller(request).actor)
        await FeedSocket(opened, subscriber, conversation, request.app[METRICS]).serve()
        return opened.response
    finally:
        session.audience.leave(subscriber)


class Feed:
    """The conversation about one session; implements :class:`Conversation`."""

    def __init__(
        self, session: Session, subscriber: Subscriber, scopes: frozenset[Scope], actor: str
    ) -> None:
        """Let ``subscriber`` do what ``scopes`` allow; ``actor`` names it in the audit log."""
        self._session = session
        self._subscriber = subscriber
        self._scopes = scopes
        self._actor = actor

    def now(self) -> float:
        """Return the session time in seconds."""
        return self._session.now()

    def handle(self, message: ClientMessage) -> None:
        """Act on a message.

        Raises:
            ProtocolError: whatever is wrong with it.
        """
        self._check(message)
        match message:
            case Hello():
                self._greet(message)
            case Configure() | BaselineStart() | BaselineLoad():
                self._change(message)
            case Text():
                self._session.add_text(message)
            case Mute():
                self._mute(message)
            case Ping():
                self._put(Pong(message.t, self._session.now_ms()))
            case Pause() | ResumeMedia():
                self._session.presence.set_paused(isinstance(message, Pause))
            case Close() | ConsentRevoke():
                self._session.end(DONE if isinstance(message, Close) else revoked(self._actor))

    def _check(self, message: ClientMessage) -> None:
        needed = NEEDS.get(type(message))
        if needed:
            self._check_scope(needed)
        if needed and not isinstance(message, Close | ConsentRevoke):
            check_greeted(self._subscriber)

    async def take_media(self, media: Media) -> None:
        """Take in a picture or sound.

        Raises:
            ProtocolError: whatever is wrong with it.
        """
        check_greeted(self._subscriber)
        self._check_scope("media")
        await self._session.put_media(media)

    def _check_scope(self, needed: Scope) -> None:
        if needed not in self._scopes:
            raise ProtocolError(ErrorCode.SCOPE_MISSING, f"the token does not allow {needed}")

    def _greet(self, hello: Hello) -> None:
        check_hello(hello, self._subscriber)
        self._subscriber.greeted = True
        self._put(self._created())
        if hello.resume is not UNSET:
            self._session.audience.replay(self._subscriber, _last_seq(hello.resume))

    def _created(self) -> SessionCreated:
        return SessionCreated(
            session=self._session.id,
            participant=self._session.participant,
            version=VERSION,
            t_ms=self._session.now_ms(),
            labels=list(LABELS),
            config=self._config(),
            limits=Limits(
                max_message_bytes=limits.MAX_MESSAGE_BYTES,
                max_text_characters=limits.MAX_TEXT_CHARACTERS,
                text_per_second=limits.TEXT_PER_SECOND,
                text_burst=limits.TEXT_BURST,
                max_image_bytes=limits.MAX_IMAGE_BYTES,
                max_image_pixels=limits.MAX_IMAGE_PIXELS,
                images_per_second=self._session.images_per_second,
                image_burst=limits.IMAGE_BURST,
                max_audio_bytes=limits.MAX_AUDIO_BYTES,
                max_audio_ms=limits.MAX_AUDIO_MS,
                max_capture_age_ms=limits.MAX_CAPTURE_AGE_MS,
            ),
            models=self._session.models,
            notice=self._session.notice,
        )

    def _change(self, change: Configure | BaselineStart | BaselineLoad) -> None:
        match change:
            case BaselineStart():
                # Answered when the capture is over.
                self._session.neutral.start(change, self._session.now(), self._put)
                return
            case BaselineLoad():
                self._session.neutral.load(change, unix_time())
            case Configure():
                self._session.settings.change(change)
                self._subscriber.detail = change.detail or self._subscriber.detail
        self._put(SessionUpdated(self._config()))

    def _mute(self, mute: Mute) -> None:
        if mute.session not in (UNSET, self._session.id):
            raise ProtocolError(ErrorCode.CONFIG_INVALID, "not this session", "session")
        self._session.presence.set_muted(mute.modality, mute.muted)

    def _config(self) -> SessionConfig:
        return self._session.settings.message(self._subscriber.detail)

    def _put(self, message: ServerMessage) -> None:
        self._subscriber.put(Broadcast(message))


def _last_seq(resume: Resume) -> int:
    if resume.last_seq is UNSET:
        raise ProtocolError(
            ErrorCode.CONFIG_INVALID, "a session's feed resumes from last_seq", "resume.last_seq"
        )
    return resume.last_seq
