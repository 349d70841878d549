from esapr.inference.signals import Modality
from esapr.server.sessions.tally import Tally


def test_the_strain_is_what_was_dropped_since_the_last_state() -> None:
    tally = Tally()
    tally.analysed[Modality.FACE] += 4
    assert tally.strain() == 0.0
    tally.dropped[Modality.FACE] += 1
    assert tally.strain() == 0.2
    tally.state(fused=True)
    assert tally.strain() == 0.0
    tally.dropped[Modality.VOICE] += 1
    assert tally.strain() == 1.0


def test_totals_count_everything() -> None:
    tally = Tally()
    tally.analysed[Modality.TEXT] += 2
    tally.dropped[Modality.FACE] += 3
    tally.state(fused=True)
    tally.state(fused=False)
    totals = tally.totals()
    assert (totals.states, totals.fused, totals.lines, totals.dropped.frames) == (2, 1, 2, 3)
