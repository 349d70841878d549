"""Connections: how many, how slow, and bodies that are more than they seem."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from structlog.testing import capture_logs

from esapr.protocol import limits
from esapr.server.app import Server
from esapr.server.http import connections
from tests.server.http.whip_client import client as whip
from tests.server.http.whip_client import code_of
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP"])
async def test_a_compressed_body_is_refused_unread(coding: str) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        response = await http.post(
            "/v1/demo/sessions", data=bomb, headers={"Content-Encoding": coding}
        )
        assert await code_of(response) == (415, "media_unsupported")


async def test_a_body_that_says_it_is_not_compressed_is_read() -> None:
    identity = {"Content-Encoding": "identity"}
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        opened = await http.post("/v1/demo/sessions", json={"consent": CONSENT}, headers=identity)
        assert opened.status == 201


async def test_a_feed_inflates_nothing_even_if_it_is_asked_to() -> None:
    async with whip() as one:
        url, bearer = one.credentials.feed_url, one.bearer
        socket = await one.http.ws_connect(url, headers=bearer, compress=15)
        assert "Sec-WebSocket-Extensions" not in socket._response.headers
        # A client that compresses all the same sets a bit that RFC 6455 reserves.
        body = zlib.compress(b'{"type":"hello","version":1}')
        head = bytes([0xC1, 0x80 | len(body), 0, 0, 0, 0])
        connection = socket._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.write(head + body)
        assert (await socket.receive_json(timeout=10))["code"] == "bad_message"
        await socket.close()


@asynccontextmanager
async def connected(
    server: Server,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_one_connection_more_than_allowed_is_closed_and_counted() -> None:
    async with running_server(max_connections=2) as server:
        async with connected(server), connected(server), connected(server) as (reader, _):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        counted = 'esapr_dropped_total{reason="full",stage="connections"} 1.0'
        assert counted in server.metrics.text().decode()


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTT", b"GET / HTTP/1.1\r\nHost: x\r\nX: "])
async def test_a_connection_that_does_not_come_to_the_point_is_closed(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.1)
    async with running_server() as server, connected(server) as (reader, writer):
        writer.write(sent)
        assert await reader.read() == b""


async def test_a_body_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.1)
    head = b"POST /v1/demo/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    async with running_server() as server, connected(server) as (reader, writer):
        writer.write(head)
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        assert b'"code":"too_slow"' in await reader.read()


async def test_an_upload_that_is_cancelled_is_no_fault_of_the_server() -> None:
    wanted = json.dumps({"consent": CONSENT})
    with capture_logs() as logs:
        async with running_server() as server:
            async with connected(server) as (_, writer):
                head = (
                    f"POST /v1/demo/analyses HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                    f"Content-Type: text/plain\r\nEsapr-Analysis: {wanted}\r\n"
                    "Content-Length: 1000\r\n\r\nHello"
                )
                writer.write(head.encode())
                await writer.drain()
                # The file is on its way when the server has answered somebody else.
                await healthy(server)
                writer.transport.abort()
            await healthy(server)
    assert [line["event"] for line in logs if line["log_level"] == "error"] == []


async def healthy(server: Server) -> None:
    async with aiohttp.ClientSession(server.url) as http, http.get("/healthz") as answer:
        assert answer.status == 200
