"""One WebSocket of a feed: a task that reads and a task that writes."""

import asyncio
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """An accepted WebSocket, what is below it, and the format that it speaks."""

    response: web.WebSocketResponse
    transport: asyncio.Transport
    form: Format


async def open_socket(request: web.Request) -> OpenSocket:
    """Accept a WebSocket."""
    socket = web.WebSocketResponse(
        protocols=(JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL),
        max_msg_size=limits.MAX_MESSAGE_BYTES,
        heartbeat=HEARTBEAT_SECONDS,
        # Deflate would encode each message again for every subscriber.
        compress=False,
    )
    await socket.prepare(request)
    form = Format.MSGPACK if socket.ws_protocol == MSGPACK_SUBPROTOCOL else Format.JSON
    assert isinstance(request.transport, asyncio.Transport)
    return OpenSocket(socket, request.transport, form)


class FeedSocket:
    """Sends what a subscriber is sent; hands what is read to a conversation.

    Implements :class:`esapr.server.sessions.subscriber.Line`.
    """

    def __init__(
        self,
        opened: OpenSocket,
        subscriber: Subscriber,
        conversation: Conversation,
        metrics: Metrics,
    ) -> None:
        """Serve ``opened``."""
        self._socket, self._transport, self._form = opened.response, opened.transport, opened.form
        self._frames = WSMsgType.TEXT if opened.form is Format.JSON else WSMsgType.BINARY
        self._subscriber = subscriber
        self._conversation = conversation
        self._metrics = metrics
        self._rate = TokenBucket(limits.MESSAGES_PER_SECOND, limits.MESSAGE_BURST)
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
        # Not send_str(), which would encode the text again for each subscriber.
        await self._socket.send_frame(message.encoded(self._form), self._frames)

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
        if kind is not self._frames:
            raise ProtocolError(
                ErrorCode.BAD_MESSAGE, f"{self._form} travels in {self._frames.name.lower()} frames"
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
