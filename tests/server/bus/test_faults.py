"""Gateways as processes that die, freeze and come back."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from esapr.load_tests.chaos.signals import until_gone
from esapr.load_tests.server_process import SERVE, server_process
from esapr.server.config import ServerConfig
from esapr.server.records import migrate
from esapr.server.records.cipher import new_key
from esapr.server.records.engine import connected
from tests.client.cutting_proxy import cutting_proxy
from tests.cluster.extra import require
from tests.postgres import new_database
from tests.server.bus.nats_server import NatsServer, nats_server
from tests.server.http.test_rooms import Guest, Json, Socket, enter, greeted, receive

require("nats")

pytestmark = pytest.mark.real_time


class Gateway:
    """A gateway in a process of its own."""

    def __init__(self, http: aiohttp.ClientSession, pid: int) -> None:
        self.http = http
        self.pid = pid

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def metric(self, name: str) -> float:
        text = await (await self.http.get("/metrics")).text()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0


async def gateway(stack: AsyncExitStack, nats_url: str, **settings: str) -> Gateway:
    set_ = [f"ESAPR_{name.upper()}={value}" for name, value in settings.items()]
    command = ("env", "ESAPR_BUS=nats", f"ESAPR_NATS_URL={nats_url}", *set_, *SERVE)
    server = await stack.enter_async_context(server_process(command))
    return Gateway(await stack.enter_async_context(aiohttp.ClientSession(server.url)), server.pid)


@asynccontextmanager
async def two_gateways(**settings: str) -> AsyncIterator[tuple[Gateway, Gateway, NatsServer]]:
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(nats_server())
        here = await gateway(stack, nats.url, **settings)
        yield here, await gateway(stack, nats.url, **settings), nats


def at(gateway: Gateway, guest: Guest) -> Guest:
    return Guest(gateway.http, guest.credentials)


async def come_back(gateway: Gateway, guest: Guest, last_seq: int) -> list[Json]:
    """Reconnect as a client does, and return what comes until five states are there."""
    async with asyncio.timeout(20):
        while True:
            try:
                async with at(gateway, guest).feed(resume={"last_seq": last_seq}) as socket:
                    return await until_states(socket, 5)
            except (aiohttp.ClientError, TypeError):
                # Refused, or closed before the greeting.
                await asyncio.sleep(0.2)


async def until_states(socket: Socket, count: int) -> list[Json]:
    messages: list[Json] = []
    while sum(m["type"] == "state" for m in messages) < count:
        messages.append(await receive(socket, "state", "gap"))
    return messages


def check_resumed(last_seq: int, messages: list[Json]) -> None:
    """Every state once and in order; what is missing is told."""
    due = last_seq + 1
    for message in messages:
        if message["type"] == "gap":
            assert message["from_seq"] == due
            due = message["to_seq"] + 1
        else:
            assert message["seq"] == due
            due += 1


async def test_the_people_of_a_killed_gateway_resume_on_another_with_one_record(
    postgres_url: str,
) -> None:
    database = {"database_url": new_database(postgres_url), "records_keys": new_key()}
    config = ServerConfig(
        database_url=database["database_url"], records_keys=(database["records_keys"],)
    )
    async with connected(config) as engine:
        await migrate.upgrade(engine)
    async with two_gateways(**database) as (here, there, _):
        ann = await enter(here.http, "ann")
        async with ann.feed() as socket:
            before = await until_states(socket, 30)
        here.signal(signal.SIGKILL)
        await asyncio.to_thread(until_gone, [here.pid])
        last_seq = before[-1]["seq"]
        # Who comes back at once waits until the lease of the one that was killed is out.
        async with at(there, ann).feed(resume={"last_seq": last_seq}) as socket:
            messages = await until_states(socket, 5)
        check_resumed(last_seq, messages)
        assert await there.metric('esapr_session_moves_total{how="taken_over"}') == 1
        assert (await at(there, ann).token("clinician"))["status"] == 201

        table = await there.http.get(f"{ann.path}/report.csv", headers=ann.bearer)
        recorded = [int(line.split(",")[0]) for line in (await table.text()).splitlines()[1:]]
        # Each once, also those that the one which was killed had not written yet.
        assert recorded == sorted(set(recorded))
        seen = {*range(last_seq + 1), *numbers(messages)}
        assert seen - set(recorded) == set()
        report = await (await there.http.get(f"{ann.path}/report", headers=ann.bearer)).json()
        # What nobody saw nobody made: there is one gap, while nobody had the session.
        assert len(report["gaps"]) == 1
        assert report["participant"] == "ann"
        await at(there, ann).leave()


async def test_a_gateway_that_was_frozen_does_not_speak_for_what_it_has_lost() -> None:
    async with two_gateways() as (here, there, _):
        ann = await enter(here.http, "ann")
        token = (await ann.token("clinician"))["token"]
        room = ann.credentials["room_feed_url"]
        async with ann.feed() as old, greeted(there.http, room, token) as (watcher, _):
            last_seq = (await until_states(old, 10))[-1]["seq"]
            here.signal(signal.SIGSTOP)
            resumed = await come_back(there, ann, last_seq)
            check_resumed(last_seq, resumed)
            here.signal(signal.SIGCONT)
            async with asyncio.timeout(20):
                late = [frame.json() async for frame in old]
            assert (old.close_code, late[-1]["code"]) == (1012, "moved")
            # Sent before it froze; nothing after it was woken.
            seqs = [m["seq"] for m in late if m["type"] == "state"]
            assert seqs == list(range(last_seq + 1, last_seq + 1 + len(seqs)))
            assert len(seqs) <= 2
            assert await here.metric('esapr_session_moves_total{how="lost"}') == 1
            seen = await until_states(watcher, 30)
            order = [m["seq"] for m in seen if m["type"] == "state"]
            assert order == sorted(set(order))
            # The one that has lost the session forwards to the one that has it.
            check_resumed(order[-1], await come_back(here, ann, order[-1]))


async def test_a_gateway_cut_off_from_nats_gives_no_number_that_its_successor_gives() -> None:
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(nats_server())
        line = await stack.enter_async_context(cutting_proxy(nats.url))
        here = await gateway(stack, line.url.replace("http", "nats"))
        there = await gateway(stack, nats.url)
        ann = await enter(here.http, "ann")
        near = await stack.enter_async_context(ann.feed())
        before = numbers(await until_states(near, 20))
        line.refusing = True
        line.cut()
        # It cannot know that it is the only one who is cut off, and goes on for its own clients.
        alone = numbers(await until_states(near, 50))
        far = await stack.enter_async_context(taken_over(there.http, ann, before[-1]))
        alone += numbers(await until_states(near, 80))
        messages = await until_states(far, 80)
        line.refusing = False
        async with asyncio.timeout(30):
            late = [frame.json() async for frame in near]
        assert (near.close_code, late[-1]["code"]) == (1012, "moved")
        alone += numbers(late)

        assert alone == list(range(before[-1] + 1, alone[-1] + 1))
        # Behind the gap are the states that the successor has made.
        kinds = [message["type"] for message in messages]
        made = numbers(messages[kinds.index("gap") :])
        assert made == list(range(made[0], made[0] + len(made)))
        assert set(alone).isdisjoint(made)
        # Its clients come back with the numbers that they have, which are below the new ones.
        check_resumed(alone[-1], await come_back(there, ann, alone[-1]))


def numbers(messages: list[Json]) -> list[int]:
    return [message["seq"] for message in messages if message["type"] == "state"]


@asynccontextmanager
async def taken_over(http: aiohttp.ClientSession, guest: Guest, last: int) -> AsyncIterator[Socket]:
    """The feed at the gateway that takes the session over, once the lease is out."""
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(20):
            while True:
                try:
                    feed = Guest(http, guest.credentials).feed(resume={"last_seq": last})
                    socket = await stack.enter_async_context(feed)
                    break
                except (aiohttp.ClientError, TypeError):
                    await asyncio.sleep(0.2)
        yield socket


async def test_nats_restarted_loses_no_session() -> None:
    async with two_gateways() as (here, there, nats):
        ann = await enter(here.http, "ann")
        async with ann.feed() as near, at(there, ann).feed() as far:
            before = (await until_states(near, 5))[-1]["seq"]
            await until_states(far, 5)
            await nats.kill()
            # What is open stays open, on both sides.
            during = await until_states(near, 10)
            await until_states(far, 10)
            await nats.start()
            # Whoever asks meanwhile is told to ask again, not that there is no such session.
            await until_found(there, ann)
            after = await until_states(near, 40)
            check_resumed(before, during + after)
        messages = await come_back(there, ann, after[-1]["seq"])
        check_resumed(after[-1]["seq"], messages)
        assert messages[0]["type"] == "state"


async def until_found(gateway: Gateway, guest: Guest) -> None:
    async with asyncio.timeout(20):
        while True:
            async with gateway.http.get(guest.path, headers=guest.bearer) as answer:
                if answer.status == 200:
                    return
                assert (await answer.json())["error"]["code"] == "moved"
            await asyncio.sleep(0.05)
