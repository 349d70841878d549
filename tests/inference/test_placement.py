"""The least loaded device takes the next batch; idle devices take turns."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.placement import least_loaded

LOADS = st.lists(st.none() | st.integers(0, 5), min_size=1, max_size=8)


def test_the_device_with_the_fewest_batches_is_taken() -> None:
    assert least_loaded([2, 1, 3], last=1) == 1


def test_a_device_that_is_out_is_passed_over() -> None:
    assert least_loaded([None, 4], last=0) == 1
    assert least_loaded([None, None], last=0) is None


@given(LOADS, st.data())
def test_nobody_has_fewer_and_among_equals_the_next_one_is_taken(
    batches: list[int | None], data: st.DataObject
) -> None:
    last = data.draw(st.integers(0, len(batches) - 1))

    chosen = least_loaded(batches, last)

    present = [load for load in batches if load is not None]
    if not present:
        assert chosen is None
        return
    assert chosen is not None
    assert batches[chosen] == min(present)
    between = [(last + step) % len(batches) for step in range(1, len(batches) + 1)]
    assert all(batches[other] != min(present) for other in between[: between.index(chosen)])


@given(st.integers(1, 8), st.integers(0, 40), st.data())
def test_batches_are_spread_evenly_whichever_device_is_out(
    devices: int, batches: int, data: st.DataObject
) -> None:
    out = data.draw(st.sets(st.integers(0, devices - 1), max_size=devices - 1))
    taken: Counter[int] = Counter()
    last = 0
    for _ in range(batches):
        loads = [None if device in out else taken[device] for device in range(devices)]
        chosen = least_loaded(loads, last)
        assert chosen is not None
        taken[chosen] += 1
        last = chosen

    counts = [taken[device] for device in range(devices) if device not in out]
    assert max(counts) - min(counts) <= 1
    assert sum(counts) == batches
