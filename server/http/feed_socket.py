"""One WebSocket of a feed: its tasks, its keepalive, and the way it closes."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from aiohttp import WebSocketError, WSMsgType, web

from esapr.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, limits
from esapr.protocol.binary import Media, decode_media, is_media
from esapr.protocol.codec import Format, decode_client
from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError, WarningCode
from esapr.protocol.messages import ClientMessage, ServerMessage, Warning
from esapr.server.http.keys import CONFIG
from esapr.server.http.websocket import WebSocket, broken_frame
from esapr.server.metrics import Metrics
from esapr.server.sessions.keepalive import Keepalive, Step
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.rate import TokenBucket
from esapr.server.sessions.refusals import error_message
from esapr.server.sessions.subscriber import Subscriber

FAREWELL_SECONDS = 5.0
"""How long a closing feed may take to send what it holds; then the connection is cut."""

LINGER_SECONDS = 1.0
"""How long the rest of a message that is too big is read and thrown away before the close: a
socket closed over unread data is reset, and the error with it."""

_LEFT = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)


class Conversation(Protocol):
    """What a feed is about: answers its messages through the subscriber."""

    def now(self) -> float:
        """Return the time that client messages are limited by, in seconds."""

    def handle(self, message: ClientMessage) -> None:
        """Act on a message.

        Raises:
            ProtocolError: whatever is wrong with it.
        """

    async def take_media(self, media: Media) -> None:
        """Take in a picture or sound.

        Raises:
            ProtocolError: as :meth:`handle`.
        """


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """An accepted WebSocket, what is below it, the format that it speaks.

    ``silence`` is how many seconds without a frame are too many.
    """

    response: WebSocket
    transport: asyncio.Transport
    form: Format
    silence: float


async def open_socket(request: web.Request) -> OpenSocket:
    """Accept a WebSocket.

    Raises:
        ProtocolError: ``version_unsupported``.
    """
    form = _negotiated(request)
    socket = WebSocket(
        protocols=(JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL),
        max_msg_size=limits.MAX_MESSAGE_BYTES,
        timeout=FAREWELL_SECONDS,
        autoping=False,
        # Deflate would encode each message again for every subscriber.
        compress=False,
    )
    await socket.prepare(request)
    assert isinstance(request.transport, asyncio.Transport)
    return OpenSocket(socket, request.transport, form, request.app[CONFIG].silence_timeout)


def _negotiated(request: web.Request) -> Format:
    """Return the format of the subprotocol that aiohttp will choose: the client's first."""
    known = {JSON_SUBPROTOCOL: Format.JSON, MSGPACK_SUBPROTOCOL: Format.MSGPACK}
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    versions = [name.strip() for name in offered if name.strip().startswith("esapr.v")]
    for name in versions:
        if name in known:
            return known[name]
    if versions:
        raise ProtocolError(
            ErrorCode.VERSION_UNSUPPORTED,
            f"this server speaks {' and '.join(known)}",
            "Sec-WebSocket-Protocol",
        )
    return Format.JSON


class FeedSocket:
    """One socket: a task that reads, one that writes, and two that see to it that both end.

    Implements :class:`esapr.server.sessions.subscriber.Line`.
    """

    def __init__(
        self,
        opened: OpenSocket,
        subscriber: Subscriber,
        conversation: Conversation,
        metrics: Metrics,
    ) -> None:
        """Send what ``subscriber`` is sent; hand what is read to ``conversation``."""
        self._socket, self._transport, self._form = opened.response, opened.transport, opened.form
        self._frames = WSMsgType.TEXT if opened.form is Format.JSON else WSMsgType.BINARY
        self._conversation = conversation
        self._metrics = metrics
        self._subscriber = subscriber
        self._rate = TokenBucket(limits.MESSAGES_PER_SECOND, limits.MESSAGE_BURST)
        self._keepalive = Keepalive(opened.silence, conversation.now())
        self._bad_messages = 0

    def is_clear(self) -> bool:
        """Return whether all that was written has left."""
        return not self._socket.closed and self._transport.get_write_buffer_size() == 0

    def write(self, item: Broadcast) -> None:
        """Write a message."""
        self._transport.write(item.framed(self._form))

    async def serve(self) -> None:
        """Serve until the socket or the subscription closes."""
        self._subscriber.line = self
        began = self._conversation.now()
        with self._metrics.feeds.open.track_inprogress():
            async with asyncio.TaskGroup() as group:
                parts = (self._write(), self._read(), self._watch(), self._cut_off())
                tasks = [group.create_task(part) for part in parts]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        self._metrics.dropped("outbox", "skipped", self._subscriber.skipped)
        self._metrics.feeds.closed(self._subscriber.close_code, self._conversation.now() - began)

    # --- out ----------------------------------------------------------------------------------

    async def _write(self) -> None:
        while messages := await self._subscriber.take():
            try:
                for message in messages:
                    await self._send(message)
            except ConnectionResetError:
                return
        if self._socket.broken:
            await asyncio.sleep(LINGER_SECONDS)
        await self._socket.finish(self._subscriber.close_code or CloseCode.DONE)

    async def _send(self, message: Broadcast) -> None:
        # Not send_str(), which would encode the text again for each subscriber.
        await self._socket.send_frame(message.encoded(self._form), self._frames)

    async def _watch(self) -> None:
        """Ping a client that says nothing; warn it, and close, if it does not answer."""
        while True:
            await asyncio.sleep(self._keepalive.due - self._conversation.now())
            match self._keepalive.step(self._conversation.now()):
                case Step.PING:
                    await self._ping()
                case Step.WARN:
                    self._warn(active=True)
                    await self._ping()
                case Step.CLOSE:
                    text = WarningCode.UNRESPONSIVE.description
                    self._refuse(ProtocolError(ErrorCode.UNRESPONSIVE, text, None, CloseCode.IDLE))
                    await asyncio.Event().wait()

    async def _ping(self) -> None:
        # To a client that reads nothing a ping cannot be sent, and that is no reason to wait.
        with suppress(TimeoutError, ConnectionResetError):
            async with asyncio.timeout(self._keepalive.due - self._conversation.now()):
                await self._socket.ping()

    async def _cut_off(self) -> None:
        """Cut a connection on which the last words cannot be sent."""
        await self._subscriber.closing.wait()
        await asyncio.sleep(FAREWELL_SECONDS)
        self._transport.abort()

    # --- in -----------------------------------------------------------------------------------

    async def _read(self) -> None:
        while self._subscriber.close_code is None:
            frame = await self._socket.receive()
            if frame.type in _LEFT:
                return
            self._heard()
            try:
                await self._take(frame.type, frame.data)
            except ProtocolError as error:
                self._refuse(error)
            except ConnectionResetError:
                return
        # The writer sends what is queued and closes the socket.
        await asyncio.Event().wait()

    async def _take(self, kind: WSMsgType, data: object) -> None:
        match kind, data:
            case WSMsgType.PONG, _:
                return
            case WSMsgType.ERROR, WebSocketError():
                raise broken_frame(data)
            case WSMsgType.ERROR, _:
                raise ConnectionResetError(str(data))
        if kind is WSMsgType.BINARY and isinstance(data, bytes) and is_media(data):
            await self._take_media(data)
            return
        self._spend()
        match data:
            case bytes() | bytearray() if kind is WSMsgType.PING:  # aiohttp gives the latter
                await self._socket.pong(bytes(data))
            case bytes() if self._form is Format.MSGPACK:
                self._handle(decode_client(data, self._form))
            case str() if self._form is Format.JSON:
                self._handle(decode_client(data.encode(), self._form))
            case _:
                frames = "text" if self._form is Format.JSON else "binary"
                raise ProtocolError(
                    ErrorCode.BAD_MESSAGE, f"{self._form} travels in {frames} frames"
                )

    def _handle(self, message: ClientMessage) -> None:
        self._metrics.feeds.message(str(message.__struct_config__.tag))
        self._conversation.handle(message)

    async def _take_media(self, data: bytes) -> None:
        """Take in media, which have rates of their own; what is refused counts as a message."""
        try:
            media = decode_media(data)
            self._metrics.feeds.message(media.kind.name.lower())
            await self._conversation.take_media(media)
        except ProtocolError:
            self._spend()
            raise

    def _spend(self) -> None:
        if not self._rate.allow(self._conversation.now()):
            problem = "too many messages"
            raise ProtocolError(ErrorCode.RATE_LIMITED, problem, "message", CloseCode.RATE)

    def _heard(self) -> None:
        if self._keepalive.warned:
            self._warn(active=False)
        self._keepalive.heard(self._conversation.now())

    def _warn(self, *, active: bool) -> None:
        code = WarningCode.UNRESPONSIVE
        t_ms = int(self._conversation.now() * 1000)
        self._put(Warning(code, active, code.description, t_ms))

    def _put(self, message: ServerMessage) -> None:
        self._subscriber.put(Broadcast(message))

    def _refuse(self, error: ProtocolError) -> None:
        self._metrics.errors.labels(error.code).inc()
        self._bad_messages += error.code in (ErrorCode.BAD_MESSAGE, ErrorCode.CONFIG_INVALID)
        self._put(error_message(error))
        if error.close:
            self._subscriber.close(error.close)
        elif self._bad_messages >= limits.MAX_BAD_MESSAGES:
            self._subscriber.close(CloseCode.BAD_MESSAGE)
