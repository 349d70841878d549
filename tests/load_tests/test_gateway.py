from contextlib import AsyncExitStack
from datetime import UTC, datetime

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from esapr.load_tests.gateway import Gateway, RefusedError
from esapr.protocol.codec import Format, encode
from esapr.protocol.messages import Pong, ServerMessage, SessionClosed, SessionCreated
from esapr.protocol.requests import Consent, PolicyDecision, SessionCredentials, SessionRequest
from tests import serving
from tests.serving import running_server

CONSENT = msgspec.convert(serving.CONSENT, Consent)
CREDENTIALS = SessionCredentials(
    session_id="s",
    client_token="t",
    token_id="i",
    expires_at=datetime(2026, 11, 22, tzinfo=UTC),
    feed_url="/feed",
    whip_url="/whip",
    ice_servers=[],
    room="s",
    room_feed_url="/room",
    policy=PolicyDecision("allow", "purposes", "1", []),
    notice="",
)

pytestmark = pytest.mark.real_time


@pytest.mark.parametrize("form", list(Format))
async def test_a_session_ends_when_its_block_is_left(form: Format) -> None:
    async with running_server() as server, aiohttp.ClientSession() as http:
        gateway = Gateway(http, URL(server.url))
        request = SessionRequest(consent=CONSENT, participant="somebody")

        async with AsyncExitStack() as stack:
            async with gateway.session(request) as credentials:
                feed = await stack.enter_async_context(gateway.subscribe(credentials, form))
                first = await anext(feed)
            later = [message async for message in feed]

    assert isinstance(first, SessionCreated)
    assert first.participant == "somebody"
    assert isinstance(later[-1], SessionClosed)
    assert feed.close_code == 1000


async def test_a_refusal_carries_the_code() -> None:
    async with running_server() as server, aiohttp.ClientSession() as http:
        with pytest.raises(RefusedError) as refused:
            async with Gateway(http, URL(server.url)).session(SessionRequest()):
                pass

    assert (refused.value.status, refused.value.code) == (403, "consent_required")


async def test_an_offer_that_is_refused_leaves_nothing_to_delete() -> None:
    async with running_server() as server, aiohttp.ClientSession() as http:
        gateway = Gateway(http, URL(server.url))
        async with gateway.session(SessionRequest(consent=CONSENT)) as credentials:
            with pytest.raises(RefusedError) as refused:
                async with gateway.push(credentials) as exchange:
                    await exchange("no SDP")

    assert refused.value.code.startswith("sdp_")


async def test_an_error_without_a_body_of_ours_is_still_a_refusal() -> None:
    async with TestServer(web.Application()) as server, aiohttp.ClientSession() as http:
        with pytest.raises(RefusedError) as refused:
            await Gateway(http, server.make_url("/")).metrics()

    assert (refused.value.status, refused.value.code) == (404, "")


async def test_unknown_message_types_are_skipped_and_counted() -> None:
    pong = Pong(t=1.0, t_ms=2)

    async def feed(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("esapr.v1.json",))
        await socket.prepare(request)
        await socket.send_str('{"type":"novelty"}')
        await socket.send_str(encode(pong, Format.JSON).decode())
        await socket.close(code=1001)
        return socket

    app = web.Application()
    app.add_routes([web.get("/feed", feed)])
    received: list[ServerMessage] = []
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        gateway = Gateway(http, server.make_url("/"))
        async with gateway.subscribe(CREDENTIALS, Format.JSON) as subscriber:
            received = [message async for message in subscriber]

    assert received == [pong]
    assert subscriber.unknown == 1
    assert subscriber.close_code == 1001


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("https://192.0.2.7", False),
        ("https://esapr.example", False),
    ],
)
async def test_loopback_is_told_from_the_address(url: str, loopback: bool) -> None:
    async with aiohttp.ClientSession() as http:
        assert Gateway(http, URL(url)).loopback is loopback
