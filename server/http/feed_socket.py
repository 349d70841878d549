"""One WebSocket of a feed: a task that reads and a task that writes."""

import asyncio
from typing import Protocol
from uuid import uuid4

from aiohttp import WSMsgType, web

from esapr.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, VERSION, limits
from esapr.protocol.codec import Format, decode_client
from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError
from esapr.protocol.messages import ClientMessage, Hello
from esapr.server.metrics import Metrics
from esapr.server.sessions.audience import error_message
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.rate import TokenBucket
from esapr.server.sessions.subscriber import Subscriber

HEARTBEAT_SECONDS = 15.0


class Conversation(Protocol):
    """What a feed is about: answers its messages through the subscriber."""

    def now(self) -> float:
        """Return the time that client messages are limited by, in seconds."""

    def handle(self, message: ClientMessage) -> None:
        """Act on a message.

        Raises:
            ProtocolError: whatever is wrong with it; the feed goes on.
        """


async def open_socket(request: web.Request) -> tuple[web.WebSocketResponse, Format]:
    """Accept a WebSocket; return it and the negotiated format."""
    socket = web.WebSocketResponse(
        protocols=(JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL),
        max_msg_size=limits.MAX_MESSAGE_BYTES,
        heartbeat=HEARTBEAT_SECONDS,
        # Deflate would encode each message again for every subscriber.
        compress=False,
    )
    await socket.prepare(request)
    return socket, Format.MSGPACK if socket.ws_protocol == MSGPACK_SUBPROTOCOL else Format.JSON


class FeedSocket:
    """Sends what a subscriber is sent; hands what is read to a conversation."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        form: Format,
        subscriber: Subscriber,
        conversation: Conversation,
        metrics: Metrics,
    ) -> None:
        """Serve ``socket``, which speaks ``form``."""
        self._socket = socket
        self._form = form
        self._subscriber = subscriber
        self._conversation = conversation
        self._metrics = metrics
        self._rate = TokenBucket(limits.MESSAGES_PER_SECOND, limits.MESSAGE_BURST)
        self._bad_messages = 0

    async def serve(self) -> None:
        """Serve until the socket or the subscription closes."""
        with self._metrics.feeds.track_inprogress():
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._write())
                reader = group.create_task(self._read())
                await asyncio.wait([reader, writer], return_when=asyncio.FIRST_COMPLETED)
                reader.cancel()
                writer.cancel()
        self._metrics.dropped("outbox", "skipped", self._subscriber.skipped)

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
            if not self._rate.allow(self._conversation.now()):
                self._refuse(
                    ProtocolError(ErrorCode.RATE_LIMITED, "too many messages"), CloseCode.RATE
                )
                break
            try:
                self._conversation.handle(self._decode(frame.type, frame.data))
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

    def _refuse(self, error: ProtocolError, close: CloseCode | None) -> None:
        self._metrics.errors.labels(error.code).inc()
        self._bad_messages += error.code in (ErrorCode.BAD_MESSAGE, ErrorCode.CONFIG_INVALID)
        self._subscriber.put(Broadcast(error_message(error, uuid4().hex)))
        if close:
            self._subscriber.close(close)


def check_hello(hello: Hello, subscriber: Subscriber) -> None:
    """Check that ``hello`` opens a conversation, and that it is the first one.

    Raises:
        ProtocolError: ``version_unsupported`` or ``bad_message``.
    """
    if hello.version != VERSION:
        raise ProtocolError(
            ErrorCode.VERSION_UNSUPPORTED, f"this server speaks version {VERSION}", "version"
        )
    if subscriber.greeted:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "hello was already said", "type")
