"""What a bad network leaves of the states of a real session."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway, Push
from esapr.load_tests.media import encode_clip
from esapr.load_tests.network import ImpairedNetwork, impaired, profile
from esapr.load_tests.peer import Peer, PeerError
from esapr.load_tests.running.run import run
from esapr.load_tests.running.target import Target
from esapr.load_tests.scenario import Scenario
from esapr.load_tests.subscriber import Subscriber
from esapr.protocol.codec import Format
from esapr.protocol.messages import State
from esapr.protocol.requests import SessionRequest
from esapr.server.app import Server
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

TICK_MS = 250
STATES = 16
"""Four seconds of them."""


@asynccontextmanager
async def playing(
    gateway: Gateway, net: ImpairedNetwork
) -> AsyncIterator[tuple[Subscriber, Peer, Push]]:
    """Play the portrait over ``net``; a set-up that comes to nothing is tried again."""
    request = msgspec.convert({"consent": CONSENT, "tick_ms": TICK_MS}, SessionRequest)
    async with (
        gateway.session(request) as credentials,
        gateway.subscribe(credentials, Format.MSGPACK) as feed,
        gateway.push(credentials) as push,
    ):
        for attempt in range(5):
            async with Peer(encode_clip(PORTRAIT), loopback=True) as peer:
                try:
                    await peer.connect(net.exchange(push))
                except PeerError:
                    assert attempt < 4
                    continue
                yield feed, peer, push
                return


async def states_of(feed: Subscriber, count: int, *, newest_ms: float = math.inf) -> list[State]:
    """Return states up to the ``count``-th with a face in a picture that is not too old."""
    states: list[State] = []
    seen = 0
    async for message in feed:
        if isinstance(message, State):
            states.append(message)
            face = message.modalities.face
            seen += bool(face) and face.age_ms <= newest_ms
            if seen == count:
                return states
    raise AssertionError("the feed has ended")


async def lossy(gateway: Gateway) -> None:
    path = profile("lossy-10")
    # A seed that spares the first packets: setting up may else take ten seconds, and a second try.
    async with impaired(path, seed=10) as net, playing(gateway, net) as (feed, _, _):
        states = await states_of(feed, STATES)
        up = net.up

    numbers = [state.seq for state in states]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all(state.fused for state in states[-STATES:])
    share = path.up.loss.share
    assert up.offered > 100
    error = math.sqrt(share * (1 - share) / up.offered)
    assert up.lost / up.offered == pytest.approx(share, abs=4 * error)


async def moving(gateway: Gateway) -> None:
    async with (
        impaired(profile("moving"), seed=1) as net,
        playing(gateway, net) as (feed, peer, push),
    ):
        before = await states_of(feed, 2)
        await net.move()
        await peer.restart(net.exchange(push.restart))
        sent = net.up.delivered
        after = await states_of(feed, 8, newest_ms=TICK_MS)

        assert after[0].seq == before[-1].seq + 1
        assert peer.connected
        assert net.up.delivered > sent


async def relayed(server: Server) -> None:
    scenario = Scenario(name="relayed", peers=1, seconds=5, network="relay-only")
    target = Target(server.url)

    result = await run(scenario, PORTRAIT, target, lambda ledger, scraping, now: None)

    assert "relay-only the server must have `turn_urls`" in result.sessions[0].lost


async def test_states_keep_coming_on_bad_networks_and_without_turn_there_is_no_relay() -> None:
    async with running_server() as server, aiohttp.ClientSession() as http:
        gateway = Gateway(http, URL(server.url))
        async with asyncio.timeout(100), asyncio.TaskGroup() as group:
            for play in (lossy(gateway), moving(gateway), relayed(server)):
                group.create_task(play)


async def test_a_restart_that_is_answered_with_nonsense_leaves_media_as_they_were() -> None:
    async def nonsense(_: str) -> str:
        return "a=end-of-candidates\r\n"

    async with running_server() as server, aiohttp.ClientSession() as http:
        gateway = Gateway(http, URL(server.url))
        async with (
            asyncio.timeout(60),
            impaired(profile("clean"), seed=1) as net,
            playing(gateway, net) as (feed, peer, _),
        ):
            with pytest.raises(PeerError, match="credentials"):
                await peer.restart(nonsense)
            await states_of(feed, 2)
