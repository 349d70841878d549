"""What one reader is sent before its socket closes."""

from esapr.protocol import limits
from esapr.protocol.errors import CloseCode, ErrorCode
from esapr.protocol.messages import Error, Gap, Pong
from esapr.protocol.overlays import Overlay
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.subscriber import Subscriber
from tests.server.sessions.examples import state


async def test_a_reader_that_stays_behind_is_told_so_last() -> None:
    subscriber = Subscriber()
    subscriber.greeted = True
    for seq in range(3 * limits.OUTBOX_STATES):
        subscriber.put(Broadcast(state(seq)))

    messages = [item.message for item in await subscriber.take()]

    assert isinstance(messages[0], Gap)
    assert isinstance(messages[-1], Error)
    assert messages[-1].code == ErrorCode.BEHIND
    assert messages[-1].retryable
    assert subscriber.close_code is CloseCode.TRY_LATER


async def test_nothing_comes_after_the_last_words() -> None:
    subscriber = Subscriber()
    subscriber.detail = "overlay"
    subscriber.put(Broadcast(Overlay(1, None, [], 0)))
    subscriber.put(Broadcast(Pong(1.0, 1)))
    subscriber.close(CloseCode.DONE)
    subscriber.put(Broadcast(Pong(2.0, 2)))

    messages = [item.message for item in await subscriber.take()]

    assert messages == [Overlay(1, None, [], 0), Pong(1.0, 1)]
    assert await subscriber.take() == []
