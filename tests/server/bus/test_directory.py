"""Several gateways in one process: any request may reach any of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from msgspec.structs import replace

from esapr.load_tests import PORTRAIT
from esapr.protocol.analyses import AnalysisDone, Progress
from esapr.protocol.limits import TEXT_BURST
from esapr.protocol.messages import Error
from esapr.server.bus.directory import Directory
from esapr.server.bus.opening import open_bus
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from tests.cluster.extra import require
from tests.server.bus.nats_server import NatsServer, gateway_of, gateways, nats_server
from tests.server.http.files import WAITING, Client, bearer, refusal
from tests.server.http.test_rooms import Guest, Json, Socket, enter, receive
from tests.serving import running_server

require("nats")

pytestmark = pytest.mark.real_time


def at(http: aiohttp.ClientSession, guest: Guest) -> Guest:
    """The same person, whose requests reach another gateway."""
    return Guest(http, guest.credentials)


@asynccontextmanager
async def directory(nats: NatsServer) -> AsyncIterator[Directory]:
    """What the gateways know of one another."""
    async with open_bus(ServerConfig(bus="nats", nats_url=nats.url), Metrics()) as bus:
        assert bus.directory
        await bus.directory.open()
        yield bus.directory


async def states(socket: Socket, count: int) -> list[int]:
    return [(await receive(socket, "state"))["seq"] for _ in range(count)]


async def test_any_request_may_reach_any_gateway() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there):
        ann = await enter(here, "ann")
        elsewhere = at(there, ann)
        async with elsewhere.feed() as socket:
            seqs = await states(socket, 3)
            assert seqs == list(range(seqs[0], seqs[0] + 3))
            await socket.send_json({"type": "text", "body": "I am so happy, this is wonderful!"})
            while (await receive(socket, "state"))["fused"] is None:
                pass
            assert (await elsewhere.token("clinician"))["status"] == 201
            await elsewhere.leave()
            assert (await receive(socket, "session.closed"))["reason"] == "closed"
            assert (await socket.receive()).data == 1000
        for http in (here, there):
            async with http.get(ann.path, headers=ann.bearer) as gone:
                assert gone.status == 404


async def test_what_is_kept_of_an_ended_session_is_read_and_erased_at_any_gateway() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there):
        ann, bob = await enter(here, "ann"), await enter(here, "bob")
        async with ann.feed() as socket:
            seen = await states(socket, 3)
        async with at(there, ann).http.post(f"{ann.path}/end", headers=ann.bearer) as ended:
            assert ended.status == 204

        async with there.get(f"{ann.path}/report", headers=ann.bearer) as answer:
            report = await answer.json()
        # Asked of whoever had it, it lacks nothing.
        assert (answer.status, report["reason"]) == (200, "closed")
        assert report["states"] > seen[-1]
        stranger = await there.get(f"{ann.path}/report", headers=bob.bearer)
        assert await refusal(stranger) == (401, "token_invalid", None)
        await at(there, ann).leave()
        for http in (here, there):
            gone = await http.get(f"{ann.path}/report", headers=ann.bearer)
            assert await refusal(gone) == (404, "not_found", None)


async def test_an_analysis_is_read_and_forgotten_through_any_gateway() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there):
        sent = await Client(here).send(PORTRAIT.read_bytes(), "video/webm")
        through = Client(there)
        async with through.events(sent) as events:
            # As they are found, not when all is.
            assert isinstance((await anext(events))[1], Progress)
            rest = [event async for event in events]
        assert [number for number, _ in rest if number is not None] == list(range(12))
        assert isinstance(rest[-1][1], AnalysisDone)
        rest = await through.all_events(sent, last=9)
        assert [number for number, _ in rest if number is not None] == [10, 11]
        assert isinstance(rest[-1][1], AnalysisDone)
        assert (await through.info(sent)).stage == "done"
        stranger = await there.get(sent["events_url"], headers={"Authorization": "Bearer x"})
        assert await refusal(stranger) == (401, "token_invalid", None)
        assert await through.forget(sent) == 204
        for http in (here, there):
            answer = await http.get(sent["url"], headers=bearer(sent))
            assert await refusal(answer) == (404, "not_found", None)


async def test_an_analysis_that_another_gateway_has_at_work_is_stopped() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there):
        sent = await Client(here).send(WAITING, "audio/wav")
        async with Client(there).events(sent) as events:
            await anext(events)
            assert await Client(there).forget(sent) == 204
            last = [message async for _, message in events][-1]
        assert isinstance(last, Error)
        assert last.code == "session_closed"


async def test_an_analysis_is_gone_with_its_gateway() -> None:
    async with nats_server() as nats, gateways(nats) as (here, _):
        async with (
            gateway_of(nats) as other,
            aiohttp.ClientSession(other.url) as there,
        ):
            sent = await Client(there).send(WAITING, "audio/wav")
            assert (await Client(here).info(sent)).stage in ("waiting", "running")
        async with asyncio.timeout(20):
            # Until its lease is out, it may come back.
            while (answer := await here.get(sent["url"], headers=bearer(sent))).status == 503:
                assert (await refusal(answer))[1] == "moved"
        assert await refusal(answer) == (404, "not_found", None)


async def seen_until_close(socket: Socket) -> tuple[list[Json], int | None]:
    messages = [frame.json() async for frame in socket]
    return messages, socket.close_code


async def test_a_stopping_gateway_hands_its_sessions_over_without_a_missing_state() -> None:
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(nats_server())
        here, _ = await stack.enter_async_context(gateways(nats))
        leaving = AsyncExitStack()
        other = await leaving.enter_async_context(gateway_of(nats))
        there = await stack.enter_async_context(aiohttp.ClientSession(other.url))
        bob = await enter(there, "bob")
        async with at(here, bob).feed() as through, bob.feed() as socket:
            await states(through, 3)
            async with asyncio.TaskGroup() as group:
                direct = group.create_task(seen_until_close(socket))
                forwarded = group.create_task(seen_until_close(through))
                await leaving.aclose()
        for messages, code in (direct.result(), forwarded.result()):
            assert code == 1012
            assert messages[-1]["code"] == "moved"
            assert "session.closed" not in {m["type"] for m in messages}
        seqs = [m["seq"] for m in direct.result()[0] if m["type"] == "state"]
        async with at(here, bob).feed(resume={"last_seq": seqs[-3]}) as socket:
            # The last two are replayed: every gateway has kept them.
            after = [await receive(socket, "state", "gap") for _ in range(5)]
            assert [m["seq"] for m in after] == list(range(seqs[-2], seqs[-2] + 5))
            await at(here, bob).leave()
            totals = (await receive(socket, "session.closed"))["totals"]
        assert totals["states"] > seqs[-1]


async def test_what_a_session_shows_goes_on_at_the_gateway_that_takes_it_over() -> None:
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(nats_server())
        here, _ = await stack.enter_async_context(gateways(nats))
        leaving = AsyncExitStack()
        other = await leaving.enter_async_context(gateway_of(nats))
        there = await stack.enter_async_context(aiohttp.ClientSession(other.url))
        bob = await enter(there, "bob", modalities=["text"])
        async with bob.feed() as socket:
            await socket.send_json({"type": "text", "body": "I am so happy, this is wonderful!"})
            while (before := await receive(socket, "state"))["fused"] is None:
                pass
        await leaving.aclose()
        async with at(here, bob).feed() as socket:
            after = await receive(socket, "state")
            assert after["seq"] > before["seq"]
            assert after["modalities"]["text"]["lines"] == 1
            assert after["fused"]["label"] == before["fused"]["label"] == "happy"
            assert after["fused"]["probs"] == pytest.approx(before["fused"]["probs"], abs=0.02)


async def test_what_was_said_right_before_a_move_is_scored() -> None:
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(nats_server())
        here, _ = await stack.enter_async_context(gateways(nats))
        leaving = AsyncExitStack()
        other = await leaving.enter_async_context(gateway_of(nats))
        there = await stack.enter_async_context(aiohttp.ClientSession(other.url))
        bob = await enter(there, "bob", modalities=["text"], tick_ms=5_000)
        async with bob.feed() as socket:
            for _ in range(TEXT_BURST):
                await socket.send_json(
                    {"type": "text", "body": "I am so happy, this is wonderful!"}
                )
            await socket.send_json({"type": "ping", "t": 0})
            await receive(socket, "pong")
            await leaving.aclose()
        async with at(here, bob).feed() as socket:
            assert (await receive(socket, "state"))["modalities"]["text"]["lines"] == TEXT_BURST


async def test_a_pause_outlives_the_gateway_that_was_told() -> None:
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(nats_server())
        here, _ = await stack.enter_async_context(gateways(nats))
        leaving = AsyncExitStack()
        other = await leaving.enter_async_context(gateway_of(nats))
        there = await stack.enter_async_context(aiohttp.ClientSession(other.url))
        bob = await enter(there, "bob")
        async with bob.feed() as socket:
            await socket.send_json({"type": "pause"})
            await receive(socket, "member.paused")
        await leaving.aclose()
        async with at(here, bob).feed() as socket:
            assert (await receive(socket, "state"))["abstain"] == {"reason": "paused"}
            await socket.send_json({"type": "resume_media"})
            assert (await receive(socket, "member.paused"))["paused"] is False


async def test_a_draining_gateway_admits_nobody() -> None:
    stop = asyncio.Event()
    async with running_server(stop=stop) as server, aiohttp.ClientSession(server.url) as http:
        ann = await enter(http, "ann")
        async with ann.feed() as socket, http.post("/v1/admin/drain") as answer:
            assert answer.status == 202
            assert stop.is_set()
            assert await receive(socket, "state")


async def test_a_page_of_another_site_cannot_drain() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        answer = await http.post("/v1/admin/drain", headers={"Origin": "http://evil.test"})
        assert answer.status == 401


async def test_a_session_is_not_lost_where_another_gateway_has_the_address_of_a_dead_one() -> None:
    async with nats_server() as nats, gateways(nats) as (here, there), directory(nats) as known:
        async with gateway_of(nats) as left, aiohttp.ClientSession(left.url) as http:
            ann = await enter(http, "ann")
        bob = await known.find((await enter(here, "bob")).id)
        found = await known.find(ann.id)
        assert bob
        assert found
        # As if it had been killed, and `here` been started in its place: its lease is not out yet.
        dead = "d" * 32
        await known.renew(dead, await known.address(bob.entry.owner) or "")
        await known.keep(replace(found.entry, owner=dead), found.revision, owner=dead)

        async with at(there, ann).feed() as socket:
            await states(socket, 2)
