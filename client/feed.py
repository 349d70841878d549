"""The I/O shell of a subscription: one socket after another, until it is over."""

import asyncio
import logging
import random
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from esapr.client.clock import SessionClock
from esapr.client.connection import ABNORMAL, Connection, Greeting
from esapr.client.errors import RefusedError, ended
from esapr.client.inbox import Inbox
from esapr.client.outbox import Item, Outbox
from esapr.protocol import MSGPACK_SUBPROTOCOL, TOKEN_PREFIX, limits
from esapr.protocol.binary import Media, encode_media
from esapr.protocol.codec import Format, decode_server, encode
from esapr.protocol.errors import ErrorCode
from esapr.protocol.messages import (
    Configure,
    Detail,
    Error,
    Ping,
    Pong,
    ServerMessage,
    SessionCreated,
)
from esapr.protocol.rooms import RoomEntered

PING_SECONDS = 10.0
"""Time between two ``ping`` messages, which keep the session clock and the round trip."""

OPEN_SECONDS = 10.0
KEEPALIVE_SECONDS = 15.0
FAREWELL_SECONDS = 5.0

log = logging.getLogger("esapr.client")


@dataclass(frozen=True, slots=True)
class Loss:
    """When a socket went, in seconds of the loop's clock, and with which close code."""

    at: float
    code: int


class Feed:
    """Reads into an inbox and sends from an outbox; both outlive any socket."""

    def __init__(self, url: str, token: str, detail: Detail) -> None:
        """Use the feed at ``url`` (``ws://`` or ``wss://``); nothing happens before :meth:`run`."""
        self._url = url
        self._protocols = [Subprotocol(MSGPACK_SUBPROTOCOL), Subprotocol(TOKEN_PREFIX + token)]
        self._detail: Detail = detail
        self._loop = asyncio.get_running_loop()
        self.connection = Connection(random.random)
        self.outbox = Outbox()
        self.inbox = Inbox()
        self.clock = SessionClock()
        self.connections = 0
        """Sockets that were greeted."""
        self.unknown = 0
        """Messages of types that this version does not know; the protocol says: ignore them."""
        self.round_trip: float | None = None
        """Seconds that the last ``ping`` took there and back."""
        self.last_loss: Loss | None = None
        """How the last socket that was greeted has gone."""
        self._news = asyncio.Condition()
        self._outgoing = asyncio.Event()

    @property
    def t_ms(self) -> int:
        """The session clock, in ms."""
        return self.clock.t_ms(self._loop.time())

    @property
    def images_per_second(self) -> float:
        """Pictures a second that are sent at most, at present."""
        return self.outbox.images_per_second(self._loop.time())

    def wake(self) -> None:
        """Let the writer look at the outbox."""
        self._outgoing.set()

    async def run(self) -> None:
        """Stay connected until the feed is over."""
        try:
            delay: float | None = 0.0
            while delay is not None:
                await asyncio.sleep(delay)
                delay = await self._attempt()
        finally:
            self.connection.over = True
            await self.announce()

    async def until_live(self) -> Greeting:
        """Wait for the first greeting.

        Raises:
            EsaprError: the feed was over before.
        """
        async with self._news:
            await self._news.wait_for(lambda: self.connection.greeting or self.connection.over)
        if self.connection.greeting is None:
            raise self.connection.error or ended()
        return self.connection.greeting

    async def until_over(self) -> None:
        """Wait for the end."""
        async with self._news:
            await self._news.wait_for(lambda: self.connection.over)

    async def until_space(self) -> None:
        """Wait until a line of text can be put.

        Raises:
            FeedClosedError: the feed is over.
        """
        async with self._news:
            await self._news.wait_for(lambda: self._ending or not self.outbox.full)
        self.check_open()

    def check_open(self) -> None:
        """Raise an :class:`EsaprError` if nothing can be sent any more."""
        if self._ending:
            raise self.connection.error or ended()

    @property
    def _ending(self) -> bool:
        return self.connection.over or self.connection.finishing

    async def next_message(self) -> ServerMessage | None:
        """Return the next message; None at the end, if that was asked for.

        Raises:
            EsaprError: the feed ended otherwise.
        """
        async with self._news:
            await self._news.wait_for(lambda: len(self.inbox) or self.connection.over)
        if len(self.inbox):
            return self.inbox.take()
        if self.connection.error:
            raise self.connection.error
        return None

    async def announce(self) -> None:
        """Let those who wait look at what has changed."""
        async with self._news:
            self._news.notify_all()

    async def _attempt(self) -> float | None:
        """Use one socket; return the seconds before the next one, None at the end."""
        greeted = self.connections
        try:
            async with connect(
                self._url,
                subprotocols=self._protocols,
                compression=None,
                max_size=limits.MAX_MESSAGE_BYTES,
                open_timeout=OPEN_SECONDS,
                ping_interval=KEEPALIVE_SECONDS,
                ping_timeout=KEEPALIVE_SECONDS,
                close_timeout=FAREWELL_SECONDS,
            ) as socket:
                await self._serve(socket)
        except InvalidStatus as error:
            answer = error.response
            refusal = RefusedError.from_answer(answer.status_code, bytes(answer.body or b""))
            return self.connection.refused(refusal)
        except (OSError, InvalidHandshake):
            return self.connection.lost(ABNORMAL)
        code = socket.close_code or ABNORMAL
        if self.connections > greeted:
            self.last_loss = Loss(self._loop.time(), code)
        return self.connection.lost(code)

    async def _serve(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            await socket.send(encode(self.connection.hello(), Format.MSGPACK))
        async with asyncio.TaskGroup() as group:
            parts = (self._read(socket), self._write(socket), self._ping())
            tasks = [group.create_task(part) for part in parts]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()

    # --- in -----------------------------------------------------------------------------------

    async def _read(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for data in socket:
                try:
                    message = decode_server(bytes(data), Format.MSGPACK)  # type: ignore[arg-type]
                except msgspec.DecodeError:
                    self.unknown += 1
                    continue
                self._note(message)
                for handed_over in self.connection.take(message):
                    self.inbox.put(handed_over)
                await self.announce()

    def _note(self, message: ServerMessage) -> None:
        now = self._loop.time()
        match message:
            case SessionCreated():
                self.connections += 1
                self.clock.heard(message.t_ms, now)
                self.outbox.limit(message.limits)
                if self._detail != "state":
                    self.outbox.put(Configure(detail=self._detail))
                self.wake()
            case RoomEntered():
                self.connections += 1
                self.wake()
            case Pong():
                self.clock.heard(message.t_ms, now)
                self.round_trip = now - message.t
            case Error(code=ErrorCode.RATE_LIMITED):
                self.outbox.rate_limited(message.field, now)
            case Error():
                log.warning("refused: %s %s", message.code, message.field or "")

    # --- out ----------------------------------------------------------------------------------

    async def _write(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                self._outgoing.clear()
                now = self._loop.time()
                item = self.outbox.take(now, self.clock.t_ms(now))
                if item is None:
                    await self._until_something_may_go(now)
                else:
                    await self._send(socket, item)

    async def _until_something_may_go(self, now: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.outbox.wait(now, self.clock.t_ms(now))):
                await self._outgoing.wait()

    async def _send(self, socket: ClientConnection, item: Item) -> None:
        """Send one item, or put it back if the socket goes or this task is cancelled."""
        data = encode_media(item) if isinstance(item, Media) else encode(item, Format.MSGPACK)
        sent = False
        try:
            await socket.send(data)
            sent = True
        finally:
            if not sent:
                self.outbox.put_back(item)
        await self.announce()

    async def _ping(self) -> None:
        while True:
            self.outbox.put(Ping(t=self._loop.time()))
            self.wake()
            await asyncio.sleep(PING_SECONDS)
