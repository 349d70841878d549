"""Sockets that die at any moment, servers that restart, senders that are too fast."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from esapr.client import (
    Client,
    EsaprError,
    FeedClosedError,
    RefusedError,
    UnreachableError,
    consent,
)
from esapr.protocol import JSON_SUBPROTOCOL, TOKEN_PREFIX
from esapr.protocol.binary import Kind, Media, encode_media
from esapr.protocol.limits import IMAGE_BURST
from esapr.protocol.messages import Error, Gap, State
from esapr.protocol.requests import SessionCredentials
from tests.client.cutting_proxy import cutting_proxy
from tests.serving import running_server

pytestmark = pytest.mark.real_time

RECEIPT = consent("test participant", text_version="2026-11", method="test")
PORTRAIT = (Path(__file__).parents[1] / "data/astronaut.jpg").read_bytes()
KILLS = 12


async def read_to_the_end(url: str, when_live: Callable[[], object]) -> EsaprError:
    """Take part in a session until it breaks; return what was raised."""
    try:
        async with Client(url) as client, client.session(consent=RECEIPT, tick_ms=100) as session:
            async for state in session.states():
                if state.seq == 3:
                    when_live()
    except EsaprError as error:
        return error
    raise AssertionError("the session did not break")


async def test_killed_sockets_cost_no_state() -> None:
    async with (
        running_server() as server,
        cutting_proxy(server.url) as proxy,
        Client(proxy.url) as client,
        client.session(consent=RECEIPT, tick_ms=100) as session,
    ):
        assert session.last_loss is None
        seen: list[int] = []
        killed = 0
        async with asyncio.timeout(60):
            async for message in session.messages():
                assert not isinstance(message, Gap)
                if not isinstance(message, State):
                    continue
                seen.append(message.seq)
                # Each socket dies after a few of its states.
                if len(seen) % 3 == 0 and session.connections > killed:
                    if killed == KILLS:
                        break
                    killed += 1
                    proxy.cut()
        assert session.connections == KILLS + 1
        assert session.last_loss is not None
        assert session.last_loss.code == 1006
        assert session.last_loss.at <= asyncio.get_running_loop().time()
        assert seen == list(range(seen[0], seen[0] + len(seen)))


async def test_what_is_sent_without_a_connection_goes_with_the_next() -> None:
    async with (
        running_server() as server,
        cutting_proxy(server.url) as proxy,
        Client(proxy.url) as client,
        client.session(consent=RECEIPT, tick_ms=100) as session,
        asyncio.timeout(30),
    ):
        proxy.refusing = True
        proxy.cut()
        await proxy.refused.wait()
        await session.send_text("I am so happy, this is wonderful!")
        proxy.refusing = False
        async for state in session.states():
            if state.fused:
                break
        assert state.fused
        assert state.fused.label == "happy"


async def test_a_server_that_restarts_has_forgotten_the_session() -> None:
    async with (
        running_server() as first,
        running_server() as second,
        cutting_proxy(first.url) as proxy,
    ):

        def restart() -> None:
            proxy.url_behind = second.url
            proxy.cut()

        end = await read_to_the_end(proxy.url, restart)
    assert isinstance(end, RefusedError)
    assert (end.code, end.retryable) == ("not_found", False)


async def test_a_server_that_shuts_down_is_a_clear_end() -> None:
    live = asyncio.Event()
    async with asyncio.TaskGroup() as group, running_server() as server:
        reading = group.create_task(read_to_the_end(server.url, live.set))
        await live.wait()
    end = reading.result()
    assert isinstance(end, FeedClosedError)
    assert (end.code, end.retryable) == ("shutting_down", True)


async def test_a_server_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("esapr.client.connection.FIRST_DELAY", 0.01)
    monkeypatch.setattr("esapr.client.connection.LONGEST_DELAY", 0.01)
    async with running_server() as server, cutting_proxy(server.url) as proxy:

        def go_away() -> None:
            proxy.refusing = True
            proxy.cut()

        assert isinstance(await read_to_the_end(proxy.url, go_away), UnreachableError)


async def flood(server: str, credentials: SessionCredentials, at_ms: int) -> None:
    """Send more pictures from a second socket than the server takes of the session."""
    url = server.replace("http", "ws", 1) + credentials.feed_url
    protocols = [
        Subprotocol(JSON_SUBPROTOCOL),
        Subprotocol(TOKEN_PREFIX + credentials.client_token),
    ]
    async with connect(url, subprotocols=protocols) as socket:
        await socket.send('{"type":"hello","version":1}')
        for number in range(2 * IMAGE_BURST):
            await socket.send(encode_media(Media(Kind.IMAGE, at_ms + number, PORTRAIT)))
        async for message in socket:
            if "rate_limited" in str(message):
                return


async def test_a_sender_that_is_too_fast_is_halved_and_climbs_back() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, tick_ms=100, modalities=["face"]) as session,
        asyncio.timeout(60),
    ):
        full = session.images_per_second
        await flood(server.url, session.credentials, session.t_ms)
        async for message in session.messages():
            await session.send_image(PORTRAIT)
            if isinstance(message, Error):
                assert message.code == "rate_limited"
                break
        halved = session.images_per_second
        assert full / 2 <= halved < 0.6 * full
        async for state in session.states():
            await session.send_image(PORTRAIT)
            if state.modalities.face and session.images_per_second > halved + 0.1 * full:
                break
        assert session.images_per_second <= full
