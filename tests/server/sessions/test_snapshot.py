import numpy as np
import pytest

from esapr.inference.signals import Box, FaceDetails
from esapr.protocol.events import Event
from esapr.protocol.messages import DropCounts, Totals
from esapr.server.sessions.conditions import Conditions
from esapr.server.sessions.events import Events
from esapr.server.sessions.resume import History
from esapr.server.sessions.snapshot import margin
from esapr.server.sessions.tally import Tally


@pytest.mark.parametrize(("tick_ms", "states"), [(100, 36_000), (1000, 3_600), (5000, 720)])
def test_an_hour_of_numbers_are_reserved(tick_ms: int, states: int) -> None:
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


def test_a_warning_that_went_on_elsewhere_ends_here_and_does_not_begin_again() -> None:
    conditions = Conditions(on=2.0, off=1.0)
    conditions.recall(["dark"], 100.0)
    assert conditions.active == ["dark"]
    assert conditions.update({"dark"}, 100.5) == []
    assert conditions.update(set(), 101.0) == []
    assert conditions.update(set(), 101.5) == [("dark", False)]


def test_blinks_that_were_told_elsewhere_are_not_told_again() -> None:
    face = FaceDetails(Box(0, 0, 1, 1), np.zeros((0, 2), np.float32), 8, 10.0)
    events = Events()
    events.recall(["happy"], 7, 100.0)
    assert events.active == ["happy"]
    assert events.in_picture(100.1, face) == [Event("blink", 100_100)]
