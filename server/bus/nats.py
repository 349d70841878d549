"""The bus of several gateways: NATS, core subjects only. The only file that imports nats-py.

A gateway never waits for NATS. While it is away, each goes on with its own people, and the newest
messages wait to be sent.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error

from esapr.protocol.codec import Format
from esapr.protocol.messages import State
from esapr.protocol.rooms import MemberEvent, Mute
from esapr.server.bus import BusError, Deliver, Redeem
from esapr.server.bus.directory import Directory, DirectoryError
from esapr.server.bus.local import LocalBus
from esapr.server.bus.nats_directory import NatsDirectory
from esapr.server.metrics import Metrics
from esapr.server.sessions.outbox import Broadcast
from esapr.server.trust.tokens import Redemption, TokensRevoked

log = structlog.get_logger()

ROOMS = "esapr.room."
TOKENS = "esapr.token"
WAITING = 4_096
"""Messages that wait while NATS is away; one more displaces the oldest."""

START_SECONDS = 5.0
RECONNECT_SECONDS = 1
ASK_SECONDS = 1.0
FOREVER = -1

_carried = msgspec.msgpack.Decoder(State | MemberEvent | Mute | TokensRevoked)
_uses = msgspec.msgpack.Decoder(Redemption)
_answers = msgspec.msgpack.Decoder(bool)


class NatsBus:
    """Implements :class:`esapr.server.bus.Bus` across gateways."""

    def __init__(self, client: Client, directory: Directory, metrics: Metrics) -> None:
        """Publish through ``client``, which is connected and brings back nothing of its own."""
        self._client = client
        self._metrics = metrics
        self.directory: Directory | None = directory
        self._here = LocalBus()
        self._redeem: Redeem = lambda _: None
        self._waiting: deque[tuple[str, Broadcast]] = deque()
        self._filled = asyncio.Event()

    def listen(self, deliver: Deliver, redeem: Redeem) -> None:
        """Hand what is published anywhere to ``deliver``; answer others with ``redeem``."""
        self._here.listen(deliver, redeem)
        self._redeem = redeem

    def publish(self, room: str, item: Broadcast) -> None:
        """Deliver ``item`` here at once, and to the others as soon as NATS takes it."""
        self._here.publish(room, item)
        if len(self._waiting) >= WAITING:
            self._waiting.popleft()
            self._metrics.dropped("bus", "displaced", 1)
        self._waiting.append((room, item))
        self._filled.set()

    async def ask_redeemed(self, use: Redemption) -> bool:
        """Ask the other gateways; the one that knows the token answers."""
        try:
            question = msgspec.msgpack.encode(use)
            answer = await self._client.request(TOKENS, question, timeout=ASK_SECONDS)
        except Error:
            return False
        return _answers.decode(answer.data)

    async def run(self) -> None:
        """Send what waits until cancelled."""
        await self._client.subscribe(f"{ROOMS}*", cb=self._receive)
        await self._client.subscribe(TOKENS, cb=self._answer)
        while True:
            await self._filled.wait()
            if not self._client.is_connected:
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            await self._send()
            self._filled.clear()

    async def close(self) -> None:
        """Send what waits, if NATS is there, and disconnect."""
        if self._client.is_connected:
            await self._send()
            await self._client.flush()
        await self._client.close()

    async def _send(self) -> None:
        while self._waiting:
            room, item = self._waiting.popleft()
            await self._client.publish(ROOMS + room, item.encoded(Format.MSGPACK))

    async def _receive(self, message: Msg) -> None:
        try:
            carried = _carried.decode(message.data)
        except msgspec.DecodeError as error:
            log.warning("bus_message_unreadable", error=type(error).__name__)
            return
        self._here.publish(message.subject.removeprefix(ROOMS), Broadcast(carried))

    async def _answer(self, message: Msg) -> None:
        known = self._redeem(_uses.decode(message.data))
        if known is not None:
            await message.respond(msgspec.msgpack.encode(known))


@asynccontextmanager
async def connected(url: str, metrics: Metrics) -> AsyncIterator[NatsBus]:
    """Connect to the NATS server at ``url``, once and then again whenever it returns.

    Raises:
        BusError: it cannot be reached now.
    """

    async def note(error: Exception) -> None:
        log.warning("bus_error", error=type(error).__name__)

    try:
        # Its own limit of attempts would hold for every later loss of the server, too.
        async with asyncio.timeout(START_SECONDS):
            client = await nats.connect(
                url,
                no_echo=True,
                max_reconnect_attempts=FOREVER,
                reconnect_time_wait=RECONNECT_SECONDS,
                error_cb=note,
            )
    except (OSError, Error, TimeoutError) as error:
        raise BusError(f"no NATS server at {url}") from error
    directory = NatsDirectory(client)
    try:
        await directory.open()
    except DirectoryError as error:
        await client.close()
        raise BusError(f"{url} needs JetStream (nats-server -js): {error}") from None
    bus = NatsBus(client, directory, metrics)
    try:
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(bus.run())
            yield bus
            sending.cancel()
    finally:
        await bus.close()
