"""The feed: states out, text and control messages in, over one WebSocket."""

import asyncio
from uuid import uuid4

from aiohttp import WSMsgType, web
from msgspec import UNSET

from esapr.inference.emotions import LABELS
from esapr.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, VERSION, limits
from esapr.protocol.codec import Format, decode_client
from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError
from esapr.protocol.messages import (
    ClientMessage,
    Close,
    Configure,
    ConsentRevoke,
    Hello,
    Limits,
    Ping,
    Pong,
    ServerMessage,
    SessionConfig,
    SessionCreated,
    SessionUpdated,
    Text,
)
from esapr.protocol.routes import OPEN_FEED
from esapr.server.http.keys import METRICS, PIPELINE
from esapr.server.http.routing import bind
from esapr.server.http.tokens import authorised_session
from esapr.server.metrics import Metrics
from esapr.server.sessions.audience import error_message
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.rate import TokenBucket
from esapr.server.sessions.session import DONE, NOTICE, REVOKED, Session
from esapr.server.sessions.subscriber import Subscriber

HEARTBEAT_SECONDS = 15.0


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [bind(OPEN_FEED, get_feed)]


async def get_feed(request: web.Request) -> web.WebSocketResponse:
    """Serve one subscriber until it leaves or the session ends.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid`` or ``too_many_feeds``.
    """
    session = authorised_session(request)
    subscriber = session.audience.join()
    try:
        return await _serve(request, session, subscriber)
    finally:
        session.audience.leave(subscriber)


async def _serve(
    request: web.Request, session: Session, subscriber: Subscriber
) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(
        protocols=(JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL),
        max_msg_size=limits.MAX_MESSAGE_BYTES,
        heartbeat=HEARTBEAT_SECONDS,
    )
    await socket.prepare(request)
    form = Format.MSGPACK if socket.ws_protocol == MSGPACK_SUBPROTOCOL else Format.JSON
    metrics = request.app[METRICS]
    models = request.app[PIPELINE].versions
    feed = Feed(socket, form, session, subscriber, models=models, metrics=metrics)
    with metrics.feeds.track_inprogress():
        await feed.serve()
    return socket


class Feed:
    """One socket: a task that reads and a task that writes."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        form: Format,
        session: Session,
        subscriber: Subscriber,
        *,
        models: dict[str, str],
        metrics: Metrics,
    ) -> None:
        """Write what ``subscriber`` is sent; hand what is read to ``session``."""
        self._socket = socket
        self._form = form
        self._session = session
        self._models = models
        self._metrics = metrics
        self._subscriber = subscriber
        self._rate = TokenBucket(limits.MESSAGES_PER_SECOND, limits.MESSAGE_BURST)
        self._bad_messages = 0

    async def serve(self) -> None:
        """Serve until the socket or the session closes."""
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write())
            reader = group.create_task(self._read())
            await asyncio.wait([reader, writer], return_when=asyncio.FIRST_COMPLETED)
            reader.cancel()
            writer.cancel()

    async def _write(self) -> None:
        while messages := await self._subscriber.take():
            try:
                for message in messages:
                    await self._send(message)
            except ConnectionResetError:
                return
        code = self._subscriber.close_code or CloseCode.DONE
        await self._socket.close(code=code)

    async def _send(self, message: Broadcast) -> None:
        data = message.encoded(self._form)
        if self._form is Format.JSON:
            await self._socket.send_str(data.decode())
        else:
            await self._socket.send_bytes(data)

    async def _read(self) -> None:
        async for frame in self._socket:
            if frame.type is WSMsgType.ERROR:
                # aiohttp has closed the socket: 1009 for a message that is too big.
                return
            if not self._rate.allow(self._session.now()):
                self._refuse(
                    ProtocolError(ErrorCode.RATE_LIMITED, "too many messages"), CloseCode.RATE
                )
                break
            try:
                self._handle(self._decode(frame.type, frame.data))
            except ProtocolError as error:
                self._refuse(error, None)
                if self._bad_messages >= limits.MAX_BAD_MESSAGES:
                    self._subscriber.close(CloseCode.BAD_MESSAGE)
                    break
        else:
            return
        # The writer sends what is queued and closes the socket.
        await asyncio.Event().wait()

    def _decode(self, kind: WSMsgType, data: str | bytes) -> ClientMessage:
        expected = WSMsgType.TEXT if self._form is Format.JSON else WSMsgType.BINARY
        if kind is not expected:
            raise ProtocolError(
                ErrorCode.BAD_MESSAGE, f"{self._form} travels in {expected.name.lower()} frames"
            )
        return decode_client(data.encode() if isinstance(data, str) else data, self._form)

    def _handle(self, message: ClientMessage) -> None:
        match message:
            case Hello():
                self._greet(message)
            case Configure():
                self._configure(message)
            case Text():
                self._session.add_text(message)
            case Ping():
                self._put(Pong(message.t, round(self._session.now() * 1000)))
            case ConsentRevoke():
                self._session.end(REVOKED)
            case Close():
                self._session.end(DONE)

    def _greet(self, hello: Hello) -> None:
        if hello.version != VERSION:
            raise ProtocolError(
                ErrorCode.VERSION_UNSUPPORTED, f"this server speaks version {VERSION}", "version"
            )
        if self._subscriber.greeted:
            raise ProtocolError(ErrorCode.BAD_MESSAGE, "hello was already said", "type")
        self._subscriber.greeted = True
        self._put(self._created())
        if hello.resume is not UNSET:
            self._session.audience.replay(self._subscriber, hello.resume.last_seq)

    def _created(self) -> SessionCreated:
        return SessionCreated(
            session=self._session.id,
            participant=self._session.participant,
            version=VERSION,
            labels=list(LABELS),
            config=self._config(),
            limits=Limits(
                max_message_bytes=limits.MAX_MESSAGE_BYTES,
                max_text_characters=limits.MAX_TEXT_CHARACTERS,
                text_per_second=limits.TEXT_PER_SECOND,
                text_burst=limits.TEXT_BURST,
            ),
            models=self._models,
            notice=NOTICE,
        )

    def _configure(self, change: Configure) -> None:
        self._session.configure(change)
        if change.detail is not UNSET:
            self._subscriber.detail = change.detail
        self._put(SessionUpdated(self._config()))

    def _config(self) -> SessionConfig:
        return SessionConfig(
            tick_ms=self._session.tick_ms,
            modalities=[modality.value for modality in self._session.modalities],
            detail=self._subscriber.detail,
        )

    def _put(self, message: ServerMessage) -> None:
        self._subscriber.put(Broadcast(message))

    def _refuse(self, error: ProtocolError, close: CloseCode | None) -> None:
        self._metrics.errors.labels(error.code).inc()
        self._bad_messages += error.code in (ErrorCode.BAD_MESSAGE, ErrorCode.CONFIG_INVALID)
        self._put(error_message(error, uuid4().hex))
        if close:
            self._subscriber.close(close)
