"""Links on a clock of their own: what comes out of them, when, and what is left of it."""

import math
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esapr.load_tests.network.conditions import Conditions, Loss
from esapr.load_tests.network.link import MAX_WAITING, Link

SIZES = st.integers(min_value=1, max_value=1500)
GAPS = st.floats(min_value=0, max_value=0.1)
PACKETS = st.lists(st.tuples(GAPS, SIZES), max_size=150)
PROBABILITIES = st.floats(min_value=0, max_value=1)
LOSSES = st.builds(
    Loss,
    good=PROBABILITIES,
    bad=PROBABILITIES,
    to_bad=PROBABILITIES,
    to_good=st.floats(min_value=0.01, max_value=1),
)


@st.composite
def conditions(draw: st.DrawFn) -> Conditions:
    delay = draw(st.floats(min_value=0, max_value=300))
    return Conditions(
        loss=draw(LOSSES),
        delay_ms=delay,
        jitter_ms=draw(st.floats(min_value=0, max_value=delay)),
        reorders=draw(st.booleans()),
        duplicates=draw(PROBABILITIES),
        rate_kbit_s=draw(st.none() | st.floats(min_value=10, max_value=2000)),
        queue_ms=draw(st.floats(min_value=1, max_value=1000)),
    )


def played(
    link: Link, packets: list[tuple[float, int]], until: float = math.inf
) -> list[tuple[float, bytes]]:
    """Send packets, each ``gap`` after the one before; return what arrived by ``until``, when.

    Each is numbered in its last bytes, and taken at the very moment at which it is due.
    """
    arrived: list[tuple[float, bytes]] = []

    def take(now: float) -> None:
        while (due := link.next_due) is not None and due <= now:
            arrived.extend((due, packet) for packet in link.take(due))

    now = 0.0
    for number, (gap, size) in enumerate(packets):
        now += gap
        take(min(now, until))
        link.put(number.to_bytes(size, "big") if size > 1 else b"\0", now)
    take(until)
    return arrived


def steady(count: int, *, gap: float = 0.02, size: int = 100) -> list[tuple[float, int]]:
    return [(gap, size)] * count


@given(conditions(), PACKETS, st.integers(), st.floats(min_value=0, max_value=20))
@settings(deadline=None)
def test_no_packet_appears_or_disappears_uncounted(
    path: Conditions, packets: list[tuple[float, int]], seed: int, until: float
) -> None:
    link = Link(path, Random(seed))

    arrived = played(link, packets, until)

    counts = link.counts
    assert counts.offered == len(packets)
    assert counts.delivered == len(arrived)
    gone = counts.lost + counts.overflowed + counts.delivered
    assert counts.offered + counts.duplicated == gone + link.waiting


@given(st.floats(min_value=10, max_value=2000), PACKETS)
@settings(deadline=None)
def test_no_stretch_of_time_carries_more_than_the_rate(
    kbit_s: float, packets: list[tuple[float, int]]
) -> None:
    link = Link(Conditions(delay_ms=20, rate_kbit_s=kbit_s), Random(0))

    arrived = played(link, packets)

    for first, (begun, _) in enumerate(arrived):
        # The first packet's own bits left before the stretch began.
        bits = 0
        for ended, packet in arrived[first + 1 :]:
            bits += len(packet) * 8
            assert bits <= kbit_s * 1000 * (ended - begun) * (1 + 1e-9) + 1e-6


@given(conditions(), PACKETS, st.integers())
@settings(deadline=None)
def test_packets_keep_their_order_unless_they_may_overtake(
    path: Conditions, packets: list[tuple[float, int]], seed: int
) -> None:
    link = Link(replace(path, reorders=False, duplicates=0), Random(seed))
    wide = [(gap, max(size, 2)) for gap, size in packets]

    numbers = [int.from_bytes(packet, "big") for _, packet in played(link, wide)]

    assert numbers == sorted(numbers)


def test_jitter_lets_packets_overtake_where_it_may() -> None:
    path = Conditions(delay_ms=100, jitter_ms=100, reorders=True)

    arrived = played(Link(path, Random(1)), steady(200))

    numbers = [int.from_bytes(packet, "big") for _, packet in arrived]
    assert sorted(numbers) == list(range(200))
    assert any(later < earlier for earlier, later in pairwise(numbers))
    delays = [at - (number + 1) * 0.02 for (at, _), number in zip(arrived, numbers, strict=True)]
    assert min(delays) == pytest.approx(0, abs=0.01)
    assert max(delays) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(
    "loss",
    [
        Loss.even(0.05),
        Loss.even(0.10),
        Loss.bursts(0.01, 3),
        Loss(good=0.01, bad=0.5, to_bad=0.02, to_good=0.2),
    ],
)
def test_the_share_lost_is_that_of_the_model(loss: Loss) -> None:
    count = 40_000
    shares = []
    for seed in range(3):
        link = Link(Conditions(loss=loss), Random(seed))
        played(link, steady(count))
        shares.append(link.counts.lost / count)

    # Four standard errors: one chance in 16,000 of each to miss, were the seeds not fixed.
    error = math.sqrt(loss.share * (1 - loss.share) * loss.spread / count)
    assert shares == pytest.approx([loss.share] * 3, abs=4 * error)


def test_bursts_are_as_long_as_was_asked_for() -> None:
    link = Link(Conditions(loss=Loss.bursts(0.05, 4)), Random(7))
    runs, before = 0, 0
    for _ in range(40_000):
        lost = link.counts.lost
        link.put(b"packet", 0.0)
        link.take(0.0)
        runs += link.counts.lost > lost and not before
        before = link.counts.lost - lost

    assert link.counts.lost / runs == pytest.approx(4, rel=0.1)


def test_what_does_not_fit_in_the_queue_is_dropped_at_its_tail() -> None:
    # 100 kbit/s: a packet of 1250 bytes takes 100 ms, and 250 ms of them may wait.
    link = Link(Conditions(rate_kbit_s=100, queue_ms=250), Random(0))

    arrived = played(link, steady(10, gap=0.0, size=1250))

    assert [int.from_bytes(packet, "big") for _, packet in arrived] == [0, 1, 2]
    assert [at for at, _ in arrived] == pytest.approx([0.1, 0.2, 0.3])
    assert link.counts.overflowed == 7


def test_a_link_that_nobody_empties_stays_bounded() -> None:
    link = Link(Conditions(delay_ms=1000), Random(0))
    for _ in range(MAX_WAITING + 5):
        link.put(b"packet", 0.0)

    assert link.waiting == MAX_WAITING
    assert link.counts.overflowed == 5


def test_the_same_seed_loses_the_same_packets() -> None:
    path = Conditions(loss=Loss.even(0.3), delay_ms=50, jitter_ms=50, reorders=True)

    assert played(Link(path, Random(5)), steady(100)) == played(Link(path, Random(5)), steady(100))


@pytest.mark.parametrize(
    ("field", "figures"),
    [
        ("to_bad", {"loss": {"to_bad": 1.5}}),
        ("to_good", {"loss": {"to_good": 0}}),
        ("jitter_ms", {"delay_ms": 10, "jitter_ms": 11}),
        ("duplicates", {"duplicates": -1}),
        ("rate_kbit_s", {"rate_kbit_s": 0}),
        ("queue_ms", {"queue_ms": 0}),
    ],
)
def test_figures_that_cannot_be_are_refused_by_name(
    field: str, figures: dict[str, float | dict[str, float]]
) -> None:
    with pytest.raises(ValueError, match=f"`{field}`"):
        _conditions(figures)


def _conditions(figures: dict[str, float | dict[str, float]]) -> Conditions:
    loss = figures.get("loss")
    rest = {name: value for name, value in figures.items() if name != "loss"}
    if isinstance(loss, dict):
        return Conditions(loss=Loss(**loss))
    return Conditions(**rest)  # type: ignore[arg-type]
