import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.protocol.messages import Gap, State
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.resume import History
from tests.server.sessions.examples import state


def history(count: int, seconds: float) -> History:
    kept = History(seconds)
    for seq in range(count):
        kept.add(seq, float(seq), Broadcast(state(seq)))
    return kept


@given(st.integers(1, 100), st.integers(0, 60), st.data())
def test_a_replay_and_its_gap_cover_exactly_what_was_missed(
    count: int, seconds: int, data: st.DataObject
) -> None:
    last_seq = data.draw(st.integers(0, count - 1))
    replay = history(count, seconds).since(last_seq)
    missed = list(range(replay.gap.from_seq, replay.gap.to_seq + 1)) if replay.gap else []
    sent = [item.message.seq for item in replay.states if isinstance(item.message, State)]
    assert missed + sent == list(range(last_seq + 1, count))


def test_states_are_kept_for_the_documented_time_and_no_longer() -> None:
    # Made at 0 … 100 s; at 100 s those of 40 s and later are kept.
    replay = history(101, 60).since(0)
    assert replay.gap == Gap(1, 39)
    assert len(replay.states) == 61


def test_a_client_cannot_resume_from_the_future() -> None:
    with pytest.raises(ValueError, match="last_seq 3 has not been sent, the next is 3"):
        history(3, 60).since(3)
