"""Who is sent what at once, and who has to wait."""

import asyncio

from esapr.protocol.errors import CloseCode
from esapr.protocol.messages import Error, Gap, State
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.subscriber import Subscriber
from tests.server.sessions.examples import state


class Wire:
    """A socket that takes what it is given until it is blocked."""

    def __init__(self) -> None:
        self.sent: list[object] = []
        self.blocked = False

    def is_clear(self) -> bool:
        return not self.blocked

    def write(self, item: Broadcast) -> None:
        self.sent.append(item.message)


async def reading(subscriber: Subscriber, taken: list[object]) -> None:
    while messages := await subscriber.take():
        taken += [item.message for item in messages]


def greeted(wire: Wire) -> Subscriber:
    subscriber = Subscriber()
    subscriber.greeted = True
    subscriber.line = wire
    return subscriber


async def test_a_clear_socket_is_written_to_at_once_and_in_order_around_a_blocked_while() -> None:
    wire = Wire()
    subscriber = greeted(wire)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(reading(subscriber, wire.sent))
        for seq in range(12):
            wire.blocked = 3 <= seq < 6
            subscriber.put(Broadcast(state(seq)))
            if seq % 2:
                await asyncio.sleep(0)
        assert len(wire.sent) >= 3
        subscriber.close(CloseCode.DONE)
        await task
    assert wire.sent == [state(seq) for seq in range(12)]


async def test_nothing_missed_is_no_reason_to_close() -> None:
    wire = Wire()
    subscriber = greeted(wire)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(reading(subscriber, wire.sent))
        await asyncio.sleep(0)
        subscriber.put_replay([])
        await asyncio.sleep(0)
        assert not task.done()
        subscriber.close(CloseCode.DONE)


async def test_a_subscriber_that_reads_nothing_drops_to_the_latest_and_then_has_to_go() -> None:
    wire = Wire()
    wire.blocked = True
    subscriber = greeted(wire)
    for seq in range(65):
        subscriber.put(Broadcast(state(seq)))
    assert subscriber.close_code is None
    assert [item.message for item in await subscriber.take()] == [Gap("s", 0, 63), state(64)]
    for seq in range(65, 130):
        subscriber.put(Broadcast(state(seq)))
    assert subscriber.close_code is CloseCode.TRY_LATER
    *_, last, error = await subscriber.take()
    assert isinstance(last.message, State)
    assert isinstance(error.message, Error)
    assert error.message.code == "behind"
    assert subscriber.skipped == 128
