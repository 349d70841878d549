"""Two gateways joined by a real NATS server: one room, people and watchers on both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from esapr.protocol.limits import MIN_CLIENT_SECRET
from esapr.server.bus import BusError
from tests.cluster.extra import require
from tests.server.bus.nats_server import NatsServer, gateways, nats_server
from tests.server.http.test_rooms import Guest, Json, Socket, enter, greeted, receive
from tests.serving import running_server

require("nats")

pytestmark = pytest.mark.real_time


@asynccontextmanager
async def watching(
    http: aiohttp.ClientSession, guest: Guest, role: str = "clinician", **hello: object
) -> AsyncIterator[tuple[Socket, Json]]:
    """Watch ``guest``'s room on another gateway, with a token made on the guest's own."""
    token = (await guest.token(role))["token"]
    url = guest.credentials["room_feed_url"]
    async with asyncio.timeout(20):
        # The other gateway learns of the room with the first state.
        while (await http.get(url)).status == 404:
            pass
    async with greeted(http, url, token, **hello) as opened:
        yield opened


async def states_of(socket: Socket, sessions: set[str], count: int) -> dict[str, list[int]]:
    """Read until ``count`` states of each session have come."""
    seen: dict[str, list[int]] = {session: [] for session in sessions}
    while min(map(len, seen.values())) < count:
        state = await receive(socket, "state")
        seen[state["session"]].append(state["seq"])
    return seen


def in_order(seen: dict[str, list[int]]) -> bool:
    return all(seqs == list(range(seqs[0], seqs[0] + len(seqs))) for seqs in seen.values())


async def test_people_and_watchers_of_a_room_sit_on_different_gateways() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there):
        ann, bob = await enter(here, "ann"), await enter(there, "bob")
        async with watching(there, ann) as (socket, _):
            seen = await states_of(socket, {ann.id, bob.id}, 5)
            assert in_order(seen)
            await ann.leave()
            left = await receive(socket, "member.left")
            assert (left["session"], left["reason"]) == (ann.id, "closed")


async def test_a_watcher_resumes_on_another_gateway_without_a_gap() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there):
        ann = await enter(here, "ann")
        token = (await ann.token("clinician"))["token"]
        url = ann.credentials["room_feed_url"]
        async with watching(there, ann):
            pass
        seen: list[int] = []
        hello: Json = {}
        for number in range(6):
            async with greeted((here, there)[number % 2], url, token, **hello) as (socket, _):
                while len(seen) < 3 * (number + 1):
                    message = await receive(socket, "state", "gap")
                    seen.append(message["seq"])
            hello = {"resume": {"last_seqs": {ann.id: seen[-1]}}}
        assert in_order({ann.id: seen})


async def test_a_token_is_redeemed_once_and_revoked_for_all_gateways() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there):
        ann = await enter(here, "ann")
        async with watching(there, ann):
            pass
        url, made = ann.credentials["room_feed_url"], await ann.token("clinician")
        mine = f"{made['token']}.{'m' * MIN_CLIENT_SECRET}"
        async with greeted(there, url, mine) as (far, _), greeted(here, url, mine) as (near, _):
            for http in (here, there):
                assert (await http.get(f"{url}?token={made['token']}")).status == 401
            path = f"{ann.path}/tokens/{made['token_id']}"
            assert (await there.delete(path, headers=ann.bearer)).status == 204
            for socket in (near, far):
                assert (await receive(socket, "error"))["code"] == "token_invalid"
                assert (await socket.receive()).data == 4401
        for http in (here, there):
            assert (await http.get(f"{url}?token={mine}")).status == 401


async def test_a_clinician_mutes_somebody_on_another_gateway() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there):
        ann = await enter(here, "ann")
        async with watching(there, ann) as (socket, _), ann.feed() as own:
            await socket.send_json(
                {"type": "mute", "session": ann.id, "modality": "face", "muted": True}
            )
            for each in (own, socket):
                assert (await receive(each, "member.muted"))["modality"] == "face"
            assert (await receive(own, "state"))["muted"] == ["face"]


async def test_nats_killed_and_restarted_disconnects_nobody() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there):
        ann = await enter(here, "ann")
        async with watching(there, ann) as (socket, _), ann.feed() as own:
            before = await states_of(socket, {ann.id}, 2)
            await nats.kill()
            # Those at home notice nothing.
            await states_of(own, {ann.id}, 5)
            await nats.start()
            after = await states_of(socket, {ann.id}, 10)
            assert after[ann.id][0] > before[ann.id][-1]
            assert after[ann.id] == sorted(set(after[ann.id]))


async def test_without_a_nats_server_the_start_says_where_it_was_looked_for() -> None:
    nowhere = NatsServer("")
    with pytest.raises(BusError, match=nowhere.url):
        async with running_server(bus="nats", nats_url=nowhere.url):
            pass


async def test_staff_get_a_token_for_a_room_on_another_gateway() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there):
        ann = await enter(here, "ann")
        async with watching(there, ann):
            pass
        page = {"Origin": str(there._base_url.origin())}
        async with there.post("/v1/staff/rooms/ward/tokens", headers=page) as answer:
            assert answer.status == 201, await answer.text()
            token = await answer.json()
        async with greeted(there, token["feed_url"], token["token"]) as (_, entered):
            assert [member["session"] for member in entered["members"]] == [ann.id]
