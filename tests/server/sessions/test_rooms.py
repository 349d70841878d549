"""Rooms on one gateway, as the bus fills them."""

import asyncio

from esapr.protocol.rooms import Member, MemberJoined, MemberLeft
from esapr.server.bus.local import LocalBus
from esapr.server.metrics import Metrics
from esapr.server.sessions.endings import DONE
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.rooms import Rooms
from esapr.server.sessions.views import Channel
from tests.server.sessions.examples import state


def rooms() -> Rooms:
    bus = LocalBus()
    opened = Rooms(bus, asyncio.get_running_loop().time, Metrics())
    bus.listen(opened.receive, lambda _: None)
    return opened


async def test_a_state_from_elsewhere_opens_its_room() -> None:
    kept = rooms()
    kept.receive("ward", Broadcast(state(7, "s-bob", "bob")))
    watcher = kept.get("ward").watch(Channel("full"))
    watcher.greeted = True
    kept.receive("ward", Broadcast(state(8, "s-bob", "bob")))
    kept.receive("ward", Broadcast(state(3, "s-cat", "cat")))
    messages = [item.message for item in await watcher.take()]
    assert messages == [
        state(8, "s-bob", "bob"),
        MemberJoined("ward", Member("s-cat", "cat")),
        state(3, "s-cat", "cat"),
    ]


async def test_who_falls_silent_elsewhere_is_lost_and_who_is_here_is_not() -> None:
    kept = rooms()
    kept.join("ward", Member("s-ann", "ann"), lambda *_: None)
    kept.receive("ward", Broadcast(state(0, "s-bob", "bob")))
    watcher = kept.get("ward").watch(Channel("full"))
    watcher.greeted = True
    async with asyncio.TaskGroup() as group:
        sweep = group.create_task(kept.sweep())
        async with asyncio.timeout(60):
            (lost,) = await watcher.take()
        sweep.cancel()
    assert lost.message == MemberLeft("ward", "s-bob", "bob", "lost")
    assert list(kept.get("ward").members) == ["s-ann"]


async def test_a_room_of_strangers_closes_when_the_last_is_lost() -> None:
    kept = rooms()
    kept.receive("ward", Broadcast(state(0, "s-bob", "bob")))
    watcher = kept.get("ward").watch(Channel("full"))
    async with asyncio.TaskGroup() as group:
        sweep = group.create_task(kept.sweep())
        async with asyncio.timeout(60):
            await watcher.take()
        sweep.cancel()
    assert watcher.close_code == DONE.close_code
