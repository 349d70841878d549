import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.protocol.codec import Format
from esapr.protocol.messages import Gap, Pong, State
from esapr.protocol.overlays import Overlay
from esapr.protocol.rooms import MemberLeft, RoomClosed
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
    assert [item.message for item in outbox.take()] == [pong.message, Gap("s", 0, 3), state(4)]
    assert outbox.take() == []


def test_a_reader_that_overflows_twice_is_behind() -> None:
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
    assert outbox.skipped == 3


def test_a_full_outbox_drops_to_the_latest_state_of_each_session() -> None:
    outbox = Outbox(4)
    for seq in range(3):
        outbox.put(Broadcast(state(seq, "a")))
        outbox.put(Broadcast(state(seq, "b")))
    taken = [item.message for item in outbox.take()]
    assert taken == [
        Gap("b", 0, 0),
        state(1, "b"),
        Gap("a", 0, 1),
        state(2, "a"),
        state(2, "b"),
    ]
    assert outbox.skipped == 3


def test_control_messages_alone_are_bounded() -> None:
    outbox = Outbox(3)
    for t in range(10):
        outbox.put(Broadcast(Pong(float(t), t)))
    assert [item.message for item in outbox.take()] == [Pong(float(t), t) for t in (7, 8, 9)]


def test_a_state_that_comes_twice_is_sent_once() -> None:
    outbox = Outbox()
    outbox.resume("s", 4)
    for seq in (3, 4, 5, 6, 5, 7):
        outbox.put(Broadcast(state(seq)))
    assert seqs(outbox.take()) == [5, 6, 7]


def test_what_was_missed_for_good_is_reported_with_the_next_state() -> None:
    outbox = Outbox()
    outbox.resume("s", 4)
    assert outbox.take() == []
    outbox.put(Broadcast(state(9)))
    assert [item.message for item in outbox.take()] == [Gap("s", 5, 8), state(9)]


def test_one_who_left_and_came_back_begins_anew() -> None:
    outbox = Outbox()
    outbox.put(Broadcast(state(7)))
    outbox.put(Broadcast(MemberLeft("room", "s", "p", "closed")))
    outbox.take()
    outbox.put(Broadcast(state(0)))
    assert [item.message for item in outbox.take()] == [state(0)]


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


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (125, b"\x7d"),
        (126, b"\x7e\x00\x7e"),
        (65_535, b"\x7e\xff\xff"),
        (65_536, b"\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_frames_have_the_lengths_of_rfc_6455(size: int, head: bytes) -> None:
    empty = len(Broadcast(RoomClosed("")).encoded(Format.JSON))
    item = Broadcast(RoomClosed("x" * (size - empty)))
    assert item.framed(Format.JSON) == b"\x81" + head + item.encoded(Format.JSON)
    assert item.framed(Format.MSGPACK)[:1] == b"\x82"
