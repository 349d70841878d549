"""Sockets that die at any moment, and media that come back: every state once, and in order."""

import asyncio
from contextlib import suppress
from math import inf
from random import Random
from typing import Any

import aiohttp
import msgspec
import pytest
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import EncodedClip, encode_clip
from esapr.load_tests.peer import Peer
from esapr.load_tests.subscriber import Subscriber
from esapr.protocol.codec import Format
from esapr.protocol.messages import State
from esapr.protocol.requests import SessionCredentials, SessionRequest
from tests.server.http.test_rooms import Guest, enter, greeted, server
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

KILLS = 100

Json = dict[str, Any]


def kill(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Reset the connection, as a network that goes away does: no close frame, nothing flushed."""
    transport = socket._response.connection.transport  # type: ignore[union-attr]
    transport.abort()  # type: ignore[union-attr]


async def states_despite_kills(
    http: aiohttp.ClientSession, url: str, token: str, session: str, key: str
) -> list[int]:
    """Read a feed whose socket is killed after each state; return every ``seq`` that came."""
    seen: list[int] = []

    def resume() -> Json:
        if not seen:
            return {}
        return {"resume": {key: {session: seen[-1]} if key == "last_seqs" else seen[-1]}}

    for number in range(KILLS):
        async with greeted(http, url, token, **resume()) as (socket, _):
            # Some die before they have brought anything.
            while number % 7 and (message := await socket.receive_json(timeout=10)):
                if message["type"] == "state":
                    seen.append(message["seq"])
                    break
                assert message["type"] != "gap"
            kill(socket)
    return seen


async def test_a_hundred_killed_sockets_cost_no_state() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        clinician = (await ann.token("clinician"))["token"]
        feed, room = ann.credentials["feed_url"], ann.credentials["room_feed_url"]
        found = await asyncio.gather(
            states_despite_kills(http, feed, ann.credentials["client_token"], ann.id, "last_seq"),
            states_despite_kills(http, room, clinician, ann.id, "last_seqs"),
        )
        for seen in found:
            assert seen == list(range(seen[0], seen[0] + len(seen)))
            assert len(seen) >= KILLS * 3 // 4


async def states_despite_kills_at(
    times: list[float], count: int, guest: Guest, url: str, key: str
) -> list[int]:
    """Read a feed whose sockets die at ``times`` of the loop's clock, until ``count`` states."""
    seen: list[int] = []
    token = guest.credentials["client_token"]
    for at in [*times, inf]:
        last = {} if not seen else {guest.id: seen[-1]} if key == "last_seqs" else seen[-1]
        hello = {"resume": {key: last}} if seen else {}
        with suppress(TimeoutError):
            async with (
                asyncio.timeout_at(at),
                greeted(guest.http, url, token, **hello) as (
                    socket,
                    _,
                ),
            ):
                try:
                    while len(seen) < count:
                        message = await socket.receive_json()
                        assert message["type"] != "gap"
                        if message["type"] == "state":
                            seen.append(message["seq"])
                finally:
                    kill(socket)
    return seen


@pytest.mark.long
async def test_a_hundred_kills_in_a_session_of_a_minute_cost_no_state() -> None:
    async with server() as http:
        ann = await enter(http, "ann", tick_ms=1_000)
        start = asyncio.get_running_loop().time()
        rng = Random(KILLS)
        kills = [sorted(start + rng.uniform(0, 60) for _ in range(KILLS)) for _ in range(2)]
        feeds = ((kills[0], "feed_url", "last_seq"), (kills[1], "room_feed_url", "last_seqs"))
        found = await asyncio.gather(
            *(
                states_despite_kills_at(times, 60, ann, ann.credentials[url], key)
                for times, url, key in feeds
            )
        )
        assert found == [list(range(60))] * 2


async def test_the_session_goes_on_when_its_media_come_back_through_a_new_peer() -> None:
    clip = encode_clip(PORTRAIT)
    async with running_server() as running, aiohttp.ClientSession() as http:
        gateway = Gateway(http, URL(running.url))
        request = msgspec.convert({"consent": CONSENT, "tick_ms": 200}, SessionRequest)
        async with (
            gateway.session(request) as credentials,
            gateway.subscribe(credentials, Format.JSON) as feed,
        ):
            first = await _until_face(gateway, credentials, clip, feed)
            second = await _until_face(gateway, credentials, clip, feed)
            seqs = [state.seq for state in (*first, *second)]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
            # The session clock did not start anew either.
            assert second[-1].t_end_ms == (second[-1].seq + 1) * 200


async def _until_face(
    gateway: Gateway, credentials: SessionCredentials, clip: EncodedClip, feed: Subscriber
) -> list[State]:
    """Play ``clip`` through a peer of its own until its face is in a state, then pull the plug."""
    states: list[State] = []
    async with gateway.push(credentials) as exchange, Peer(clip, loopback=True) as peer:
        await peer.connect(exchange)
        async with asyncio.timeout(60):
            async for message in feed:
                if isinstance(message, State):
                    states.append(message)
                    if message.modalities.face:
                        break
    # Until nothing is left of the face.
    async with asyncio.timeout(60):
        async for message in feed:
            if isinstance(message, State):
                states.append(message)
                if not message.modalities.face:
                    break
    return states
