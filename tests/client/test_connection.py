"""The way through any number of sockets: resumption, duplicates, gaps, back-off, ends."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from esapr.client.connection import LONGEST_DELAY, MAX_ATTEMPTS, RECONNECT, Connection, back_off
from esapr.client.errors import FeedClosedError, RefusedError, UnreachableError
from esapr.protocol.limits import MAX_ROOM_MEMBERS
from esapr.protocol.messages import Error, Gap, ServerMessage, SessionClosed, SessionCreated, State
from esapr.protocol.rooms import RoomClosed, RoomEntered, Trend
from tests.client.golden import golden

CREATED = golden("session.created", SessionCreated)
CLOSED = golden("session.closed", SessionClosed)
STATE = golden("state", State)
ENTERED = golden("room.entered", RoomEntered)
TREND = golden("trend", Trend)
SESSION = STATE.session
KEPT = 10


def state(seq: int) -> State:
    return replace(STATE, seq=seq)


def connection() -> Connection:
    return Connection(lambda: 0.5)


def greeted(last: int | None = None) -> Connection:
    """A connection that has been greeted and has seen the state ``last``."""
    one = connection()
    one.hello()
    one.take(CREATED)
    if last is not None:
        one.take(state(last))
    return one


def replay(resume_after: int | None, newest: int) -> Iterator[ServerMessage]:
    """What a server that keeps ten states sends to one that comes back."""
    if resume_after is None:
        return
    oldest = max(0, newest - KEPT + 1)
    if resume_after + 1 < oldest:
        yield Gap(SESSION, resume_after + 1, oldest - 1)
    for seq in range(max(resume_after + 1, oldest), newest + 1):
        yield state(seq)


sockets = st.lists(
    st.tuples(
        st.integers(0, 15),  # states made while there was no socket
        st.integers(0, 5),  # states sent live before the socket dies
        st.integers(0, 20),  # messages that arrive at all
        st.booleans(),  # the server repeats one that was seen
    ),
    max_size=20,
)


@given(sockets)
def test_each_state_comes_once_and_in_order_or_a_gap_stands_in_its_place(
    lives: list[tuple[int, int, int, bool]],
) -> None:
    one, made, covered = connection(), 3, []
    for missed, live, arriving, repeats in lives:
        made += missed
        resume = one.hello().resume
        after = resume.last_seq if resume else None
        sent = [CREATED, *replay(after, made - 1), *map(state, range(made, made + live))]
        made += live
        if repeats and after is not None:
            sent.insert(1, state(after))
        for message in sent[:arriving]:
            for given_over in one.take(message):
                if isinstance(given_over, State):
                    covered.append(given_over.seq)
                elif isinstance(given_over, Gap):
                    covered.extend(range(given_over.from_seq, given_over.to_seq + 1))
        assert one.lost(1006) is not None or not one.greeting
    assert covered == list(range(covered[0], covered[0] + len(covered))) if covered else True


def test_a_hole_that_the_server_does_not_report_is_a_gap() -> None:
    one = greeted(last=4)
    assert one.take(state(7)) == [Gap(SESSION, 5, 6), state(7)]


def test_a_gap_that_was_seen_in_part_is_shortened() -> None:
    one = greeted(last=4)
    assert one.take(Gap(SESSION, 3, 8)) == [Gap(SESSION, 5, 8)]
    assert one.take(Gap(SESSION, 6, 8)) == []
    assert one.take(state(9)) == [state(9)]


@pytest.mark.parametrize("code", sorted(RECONNECT))
def test_it_comes_back_where_it_was(code: int) -> None:
    one = greeted(last=41)
    assert one.lost(code) is not None
    resume = one.hello().resume
    assert resume
    assert resume.last_seq == 41


def test_in_a_room_each_session_is_counted_for_itself() -> None:
    one = connection()
    one.hello()
    one.take(ENTERED)
    for session, seq in (("ann", 7), ("ben", 2), ("ann", 8)):
        assert one.take(replace(STATE, session=session, seq=seq))
    assert one.take(replace(TREND, session="ben", seq=2)) == []
    assert one.take(replace(TREND, session="ben", seq=4))[0] == Gap("ben", 3, 3)
    resume = one.hello().resume
    assert resume
    assert (resume.last_seqs, resume.last_seq) == ({"ann": 8, "ben": 4}, UNSET)


def test_no_more_sessions_are_named_than_a_server_takes() -> None:
    one = connection()
    one.take(ENTERED)
    for number in range(MAX_ROOM_MEMBERS + 5):
        one.take(replace(STATE, session=f"session {number}", seq=1))
    resume = one.hello().resume
    assert resume
    assert resume.last_seqs
    assert len(resume.last_seqs) == MAX_ROOM_MEMBERS
    assert "session 0" not in resume.last_seqs


def test_the_end_of_a_room_is_no_loss() -> None:
    one = connection()
    one.take(ENTERED)
    one.take(golden("room.closed", RoomClosed))
    assert one.lost(1000) is None
    assert one.error is None


@pytest.mark.parametrize("code", [1009, 4400, 4403, 4408, 4429])
def test_other_close_codes_are_the_end_and_say_why(code: int) -> None:
    one = greeted()
    error = Error("rate_limited", "too many messages", True, "r1", "message")
    one.take(error)
    assert one.lost(code) is None
    assert isinstance(one.error, FeedClosedError)
    assert (one.error.code, one.error.retryable, one.error.request_id) == (
        "rate_limited",
        True,
        "r1",
    )


def test_an_earlier_error_is_not_the_reason_of_the_end() -> None:
    one = greeted()
    one.take(Error("text_empty", "the text is empty", False, "r1", "body"))
    one.take(state(1))
    one.lost(4408)
    assert one.error
    assert one.error.code == "closed_4408"


def test_the_end_of_a_session_is_no_loss() -> None:
    one = greeted()
    one.take(CLOSED)
    assert one.lost(1001) is None


@pytest.mark.parametrize("code", [1000, 1001, 4403])
def test_an_end_that_was_asked_for_is_no_error(code: int) -> None:
    one = greeted()
    one.finish()
    one.take(CLOSED)
    assert one.lost(code) is None
    assert one.over
    assert one.error is None


def test_a_server_that_stays_away_is_given_up() -> None:
    one = greeted()
    delays = [one.lost(1006) for _ in range(MAX_ATTEMPTS)]
    assert None not in delays
    assert one.lost(1006) is None
    assert isinstance(one.error, UnreachableError)


def test_attempts_count_anew_after_a_greeting() -> None:
    one = greeted()
    for _ in range(MAX_ATTEMPTS):
        one.lost(1006)
    one.take(CREATED)
    assert one.lost(1006) == back_off(1, 0.5)


def test_a_refused_socket_ends_it_unless_it_may_succeed_later() -> None:
    one = connection()
    assert one.refused(RefusedError("too_many_feeds", "16", retryable=True)) is not None
    refusal = RefusedError("token_invalid", "wrong")
    assert one.refused(refusal) is None
    assert one.error is refusal


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_delays_double_up_to_their_cap_with_jitter(attempt: int, chance: float) -> None:
    longest = min(LONGEST_DELAY, 0.5 * 2 ** (attempt - 1))
    assert longest / 2 <= back_off(attempt, chance) <= longest
