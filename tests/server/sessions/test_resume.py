from hypothesis import given
from hypothesis import strategies as st

from esapr.protocol.messages import Gap, State
from esapr.server.sessions.outbox import Broadcast, Outbox
from esapr.server.sessions.resume import History
from tests.server.sessions.examples import state


def history(count: int, seconds: float) -> History:
    kept = History(seconds)
    for seq in range(count):
        kept.add(seq, float(seq), Broadcast(state(seq)))
    return kept


@given(st.integers(2, 100), st.integers(0, 60), st.data())
def test_a_replay_and_its_gap_cover_exactly_what_was_missed(
    count: int, seconds: int, data: st.DataObject
) -> None:
    last_seq = data.draw(st.integers(0, count - 2))
    outbox = Outbox()
    outbox.resume("s", last_seq)
    outbox.put_replay(history(count, seconds).since(last_seq))
    heard: list[int] = []
    for item in outbox.take():
        if isinstance(item.message, Gap):
            heard += range(item.message.from_seq, item.message.to_seq + 1)
        if isinstance(item.message, State):
            heard.append(item.message.seq)
    assert heard == list(range(last_seq + 1, count))


def test_states_are_kept_for_the_documented_time_and_no_longer() -> None:
    # Made at 0 … 100 s; at 100 s those of 40 s and later are kept.
    kept = [item.message for item in history(101, 60).since(0)]
    assert kept == [state(seq) for seq in range(40, 101)]
