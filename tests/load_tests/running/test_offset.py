from esapr.load_tests.running.offset import REMEMBERED, Offset


def test_the_greeting_is_enough_to_begin_with() -> None:
    offset = Offset()
    offset.greeted(t_ms=500, now=100.0)

    assert offset.at(1500) == 101.0


def test_the_pong_of_the_shortest_round_trip_counts_and_is_half_of_it_old() -> None:
    offset = Offset()
    offset.greeted(t_ms=0, now=100.3)
    offset.ponged(sent=110.0, t_ms=10_020, now=110.04)
    offset.ponged(sent=120.0, t_ms=20_020, now=120.9)

    assert offset.at(30_000) == 130.0


def test_old_samples_are_forgotten_as_clocks_drift() -> None:
    offset = Offset()
    offset.greeted(t_ms=0, now=0.0)
    offset.ponged(sent=1.0, t_ms=1_000, now=1.0)
    for _ in range(REMEMBERED):
        offset.ponged(sent=10.0, t_ms=9_000, now=10.2)

    assert offset.at(9_000) == 10.1


def test_another_gateways_clock_stands_elsewhere() -> None:
    offset = Offset()
    offset.greeted(t_ms=0, now=0.0)
    offset.ponged(sent=1.0, t_ms=1_000, now=1.0)
    offset.greeted(t_ms=5_000, now=6.0)

    assert offset.at(6_000) == 7.0
