"""Sessions and their feeds, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from esapr.protocol import JSON_SUBPROTOCOL, TOKEN_PREFIX
from esapr.server.app import Server
from tests.serving import CONSENT, running_server

Json = dict[str, Any]


class Client:
    """A session and its feed."""

    def __init__(self, http: aiohttp.ClientSession, credentials: Json) -> None:
        self.http = http
        self.credentials = credentials
        self.path = f"/v1/sessions/{credentials['session_id']}"

    def feed(self, subprotocol: str = JSON_SUBPROTOCOL) -> Any:
        protocols = (subprotocol, TOKEN_PREFIX + self.credentials["client_token"])
        return self.http.ws_connect(self.credentials["feed_url"], protocols=protocols)

    @asynccontextmanager
    async def greeted(self, **hello: object) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with self.feed() as socket:
            await socket.send_json({"type": "hello", "version": 1, **hello})
            assert (await socket.receive_json())["type"] == "session.created"
            yield socket


@asynccontextmanager
async def client(
    server: Json | None = None, **request: object
) -> AsyncIterator[tuple[Client, Server]]:
    settings = server or {}
    async with (
        running_server(**settings) as running,
        aiohttp.ClientSession(running.url) as http,
    ):
        body = {"consent": CONSENT, "tick_ms": 100, **request}
        opened = await http.post("/v1/demo/sessions", json=body)
        assert opened.status == 201
        yield Client(http, await opened.json()), running


async def receive(socket: aiohttp.ClientWebSocketResponse, kind: str) -> Json:
    """Return the next message of a type, whatever comes before it."""
    while True:
        message: Json = await socket.receive_json(timeout=10)
        if message["type"] == kind:
            return message


async def last_words(socket: aiohttp.ClientWebSocketResponse) -> Json:
    """Return the last message before the close frame."""
    last: Json = {}
    while (frame := await socket.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
        last = frame.json()
    return last
