import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.server.media.clock import MediaClock


@given(st.lists(st.floats(min_value=0, max_value=0.5), min_size=1, max_size=50))
def test_network_delay_never_makes_a_sample_later_than_its_arrival(delays: list[float]) -> None:
    clock = MediaClock()
    for index, delay in enumerate(delays):
        media = index / 15
        arrived = 100 + media + delay
        assert clock.capture_time(media, arrived) <= arrived + 1e-9


def test_one_quick_packet_reveals_the_delay_of_the_others() -> None:
    clock = MediaClock()
    assert clock.capture_time(0.0, 10.3) == pytest.approx(10.3)
    assert clock.capture_time(0.1, 10.11) == pytest.approx(10.11)
    # Arrives 200 ms late, but its place on the media clock is known now.
    assert clock.capture_time(0.2, 10.41) == pytest.approx(10.21, abs=1e-3)


def test_a_slow_sender_clock_is_followed() -> None:
    clock = MediaClock()
    for second in range(600):
        at = clock.capture_time(second * 0.9995, float(second))
        assert 0 <= second - at < 0.01


def test_a_restarted_sender_begins_a_new_timeline() -> None:
    clock = MediaClock()
    clock.capture_time(500.0, 10.0)
    assert clock.capture_time(0.0, 11.0) == pytest.approx(11.0)
