from hypothesis import given
from hypothesis import strategies as st

from esapr.protocol.codec import Format
from esapr.protocol.messages import Gap, Overlay, Pong, State
from esapr.server.sessions.outbox import Broadcast, Outbox
from tests.server.sessions.examples import state


def seqs(items: list[Broadcast]) -> list[int]:
    """Every sequence number that a reader learns of, sent or reported missing."""
    found: list[int] = []
    for item in items:
        if isinstance(item.message, State):
            found.append(item.message.seq)
        if isinstance(item.message, Gap):
            found += range(item.message.from_seq, item.message.to_seq + 1)
    return found


@given(st.lists(st.integers(min_value=0, max_value=9), min_size=1), st.integers(1, 5))
def test_every_state_is_sent_or_reported_once_and_in_order(reads: list[int], capacity: int) -> None:
    outbox = Outbox(capacity)
    heard: list[int] = []
    next_seq = 0
    for burst in reads:
        for _ in range(burst):
            outbox.put(Broadcast(state(next_seq)))
            next_seq += 1
        heard += seqs(outbox.take())
    assert heard == list(range(next_seq))


def test_a_full_outbox_keeps_the_newest_and_control_messages() -> None:
    outbox = Outbox(2)
    pong = Broadcast(Pong(1.0, 1))
    outbox.put(pong)
    for seq in range(5):
        outbox.put(Broadcast(state(seq)))
    gap, first, second = outbox.take()
    assert gap.message == Gap(0, 3)
    assert [first, second.message] == [pong, state(4)]
    assert outbox.take() == []


def test_a_reader_that_misses_a_whole_outbox_is_behind() -> None:
    outbox = Outbox(3)
    for seq in range(6):
        outbox.put(Broadcast(state(seq)))
    assert not outbox.behind
    outbox.put(Broadcast(state(6)))
    assert outbox.behind


def test_a_replay_longer_than_the_outbox_arrives_whole() -> None:
    outbox = Outbox(3)
    outbox.put_replay([Broadcast(state(seq)) for seq in range(600)])
    for seq in range(600, 603):
        outbox.put(Broadcast(state(seq)))
    assert seqs(outbox.take()) == list(range(603))
    assert not outbox.behind
    for seq in range(603, 607):
        outbox.put(Broadcast(state(seq)))
    assert outbox.skipped == 1


def test_only_the_newest_overlay_waits() -> None:
    outbox = Outbox(3)
    for t_ms in range(4):
        outbox.put(Broadcast(Overlay(t_ms, None, [], 0)))
    (only,) = outbox.take()
    assert isinstance(only.message, Overlay)
    assert only.message.t_ms == 3


def test_a_broadcast_is_encoded_once_per_format() -> None:
    item = Broadcast(state(0))
    for form in Format:
        assert item.encoded(form) is item.encoded(form)
