"""A subscriber over TCP that stops to read: it drops to the latest state, and then has to go."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from esapr.protocol.binary import Media
from esapr.protocol.errors import CloseCode
from esapr.protocol.messages import ClientMessage
from esapr.server.config import ServerConfig
from esapr.server.http.feed_socket import FeedSocket, open_socket
from esapr.server.http.keys import CONFIG
from esapr.server.metrics import Metrics
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.subscriber import Subscriber
from tests.server.sessions.examples import state

pytestmark = pytest.mark.real_time

BUFFER = 4_096
"""Bytes asked of the kernel for each end, so that it does not swallow thousands of states."""

Socket = aiohttp.ClientWebSocketResponse


class Listening:
    """The conversation of somebody who only reads."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def handle(self, message: ClientMessage) -> None:
        raise AssertionError(message)

    async def take_media(self, media: Media) -> None:
        raise AssertionError(media)


class Publisher:
    """Numbers states and puts them in front of one subscriber."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.made = 0

    async def publish(self) -> None:
        # As large as one with evidence of every modality.
        self.subscriber.put(Broadcast(state(self.made, participant="p" * 1_500)))
        self.made += 1
        await asyncio.sleep(0)


@asynccontextmanager
async def feed() -> AsyncIterator[tuple[Publisher, Socket]]:
    """A feed between two sockets with small buffers."""
    subscriber = Subscriber()
    subscriber.greeted = True

    async def get_feed(request: web.Request) -> web.WebSocketResponse:
        opened = await open_socket(request)
        await FeedSocket(opened, subscriber, Listening(), Metrics()).serve()
        return opened.response

    def small(address: Any) -> socket.socket:
        made = socket.socket(*address[:2])
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        return made

    app = web.Application()
    app[CONFIG] = ServerConfig()
    app.add_routes([web.get("/", get_feed)])
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Accepted sockets inherit it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        await web.SockSite(runner, listener).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        connector = aiohttp.TCPConnector(socket_factory=small)
        async with aiohttp.ClientSession(connector=connector) as http, http.ws_connect(url) as end:
            yield Publisher(subscriber), end
        await runner.cleanup()


async def read_on(end: Socket, covered: list[int], until: int) -> dict[str, Any]:
    """Read up to a state, or to the last words; note the states that came or are in a gap."""
    while True:
        frame = await end.receive(timeout=10)
        assert frame.type is aiohttp.WSMsgType.TEXT
        message: dict[str, Any] = frame.json()
        match message["type"]:
            case "state":
                covered.append(message["seq"])
            case "gap":
                covered += range(message["from_seq"], message["to_seq"] + 1)
        if message["type"] == "error" or covered[-1] >= until:
            return message


async def test_a_reader_that_stops_drops_to_the_latest_and_the_second_time_is_sent_away() -> None:
    async with feed() as (publisher, end), asyncio.timeout(30):
        subscriber = publisher.subscriber
        covered: list[int] = []
        await publisher.publish()
        assert (await read_on(end, covered, 0))["seq"] == 0

        # It stops to read until states are dropped, and reads on: the newest is there.
        while not subscriber.skipped:
            await publisher.publish()
        latest = publisher.made - 1
        assert (await read_on(end, covered, latest))["seq"] == latest
        assert subscriber.close_code is None
        await publisher.publish()
        assert (await read_on(end, covered, latest + 1))["type"] == "state"

        # It stops again.
        while subscriber.close_code is None:
            await publisher.publish()
        error = await read_on(end, covered, publisher.made)
        assert (error["code"], error["retryable"]) == ("behind", True)
        assert (await end.receive()).data == CloseCode.TRY_LATER
        # Nothing was sent twice, and nothing is missing without a word.
        assert covered == list(range(publisher.made))
        assert len(covered) > subscriber.skipped > 0
