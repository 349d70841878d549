"""Gateways as processes that die, freeze and come back."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from esapr.load_tests.server_process import SERVE, server_process
from tests.cluster.extra import require
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


@asynccontextmanager
async def two_gateways() -> AsyncIterator[tuple[Gateway, Gateway, NatsServer]]:
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(nats_server())
        command = ("env", "ESAPR_BUS=nats", f"ESAPR_NATS_URL={nats.url}", *SERVE)
        opened = [await stack.enter_async_context(server_process(command)) for _ in range(2)]
        here, there = [
            Gateway(await stack.enter_async_context(aiohttp.ClientSession(server.url)), server.pid)
            for server in opened
        ]
        yield here, there, nats


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


async def test_the_people_of_a_killed_gateway_resume_on_another() -> None:
    async with two_gateways() as (here, there, _):
        ann = await enter(here.http, "ann")
        async with ann.feed() as socket:
            before = await until_states(socket, 30)
        here.signal(signal.SIGKILL)
        last_seq = before[-1]["seq"]
        messages = await come_back(there, ann, last_seq)
        check_resumed(last_seq, messages)
        assert await there.metric('esapr_session_moves_total{how="taken_over"}') == 1
        assert (await at(there, ann).token("clinician"))["status"] == 201
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
            withheld = 'esapr_dropped_total{reason="not_owned",stage="session"}'
            assert await here.metric(withheld) > 0
            seen = await until_states(watcher, 30)
            order = [m["seq"] for m in seen if m["type"] == "state"]
            assert order == sorted(set(order))
            # The one that has lost the session forwards to the one that has it.
            check_resumed(order[-1], await come_back(here, ann, order[-1]))


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
            after = await until_states(near, 40)
            check_resumed(before, during + after)
        messages = await come_back(there, ann, after[-1]["seq"])
        check_resumed(after[-1]["seq"], messages)
        assert messages[0]["type"] == "state"
