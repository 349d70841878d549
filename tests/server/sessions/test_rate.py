from hypothesis import given
from hypothesis import strategies as st

from esapr.server.sessions.rate import TokenBucket


@given(st.lists(st.floats(min_value=0, max_value=2), max_size=200))
def test_never_more_than_burst_and_rate_allow(pauses: list[float]) -> None:
    bucket = TokenBucket(rate=2, burst=5)
    now = 0.0
    allowed = 0
    for pause in pauses:
        now += pause
        allowed += bucket.allow(now)
    assert allowed <= 5 + 2 * now + 1e-6


def test_the_burst_passes_and_one_more_does_not() -> None:
    bucket = TokenBucket(rate=1, burst=3)
    assert [bucket.allow(0) for _ in range(4)] == [True, True, True, False]
    assert bucket.allow(1)
    assert not bucket.allow(1)
