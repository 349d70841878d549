import pytest

from esapr.protocol.messages import DropCounts, Totals
from esapr.server.sessions.resume import History
from esapr.server.sessions.snapshot import margin
from esapr.server.sessions.tally import Tally


@pytest.mark.parametrize(("tick_ms", "states"), [(100, 60), (1000, 6), (5000, 2)])
def test_six_seconds_of_numbers_are_reserved(tick_ms: int, states: int) -> None:
    assert margin(tick_ms) == states


def test_a_tally_goes_on_where_another_one_stopped() -> None:
    totals = Totals(7, 5, 30, 6, 2, DropCounts(frames=3, windows=2, lines=1))
    tally = Tally()
    tally.resume(totals)
    assert tally.totals() == totals
    # What was dropped elsewhere does not lower the level here.
    assert tally.strain() == 0.0
    tally.state(fused=True)
    assert (tally.totals().states, tally.totals().fused) == (8, 6)


def test_a_history_that_goes_on_knows_what_comes_next() -> None:
    kept = History()
    kept.next_seq = 4
    history = History()
    history.go_on(kept, 9)
    assert (history.next_seq, history.since(0)) == (9, [])
