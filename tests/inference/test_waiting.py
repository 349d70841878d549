"""When a batch waits for company, and how long."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from esapr.inference.waiting import MEMORY, TARGET, Load, Rate, wait_for_company

# A GPU's batch costs the same whatever its size; a CPU's costs what its items cost.
GPU = {1: 0.005, 4: 0.005, 16: 0.006}
CPU = {1: 0.002, 4: 0.008, 16: 0.032}


@pytest.mark.parametrize("arrivals", [0.0, 1.0, 50.0, 139.0])
def test_nothing_waits_while_single_items_can_be_kept_up_with(arrivals: float) -> None:
    assert wait_for_company(arrivals, GPU, workers=1) == 0


@pytest.mark.parametrize("arrivals", [1.0, 400.0, 500.0, 10_000.0])
def test_nothing_waits_where_larger_batches_save_nothing(arrivals: float) -> None:
    assert wait_for_company(arrivals, CPU, workers=1) == 0


def test_under_load_the_smallest_batch_that_keeps_up_is_waited_for() -> None:
    # 141 single items a second of 5 ms each are more than 0.7 of a worker.
    assert wait_for_company(141.0, GPU, workers=1) == pytest.approx(3 / 141)
    assert wait_for_company(600.0, GPU, workers=1) == pytest.approx(15 / 600)


def test_a_batch_waits_sooner_when_other_models_use_the_workers() -> None:
    assert wait_for_company(100.0, GPU, workers=1.0) == 0
    assert wait_for_company(100.0, GPU, workers=0.5) == pytest.approx(3 / 100)
    assert wait_for_company(100.0, GPU, workers=-0.1) == pytest.approx(15 / 100)


def test_when_nothing_keeps_up_the_most_productive_size_is_waited_for() -> None:
    assert wait_for_company(10_000.0, GPU, workers=1) == pytest.approx(15 / 10_000)


def test_only_one_known_size_is_no_reason_to_wait() -> None:
    assert wait_for_company(1e6, {4: 0.005}, workers=1) == 0
    assert wait_for_company(1e6, {}, workers=1) == 0


@given(
    arrivals=st.floats(0.01, 1e5),
    overhead=st.floats(0, 0.1),
    item=st.floats(1e-5, 0.1),
    workers=st.floats(0.1, 64),
)
def test_the_batch_that_is_waited_for_keeps_up_if_any_does(
    arrivals: float, overhead: float, item: float, workers: float
) -> None:
    run_seconds = {size: overhead + item * size for size in (1, 2, 4, 8)}

    wait = wait_for_company(arrivals, run_seconds, workers)

    size = round(wait * arrivals) + 1
    busy = {size: arrivals * seconds / size for size, seconds in run_seconds.items()}
    assert size in run_seconds
    if min(busy.values()) <= TARGET * workers:
        assert busy[size] <= TARGET * workers
        assert all(busy[less] > TARGET * workers for less in busy if less < size)
    else:
        assert busy[size] == pytest.approx(min(busy.values()))


def test_a_rate_is_the_rate_and_is_forgotten() -> None:
    rate = Rate()
    for event in range(1000):
        rate.add(1.0, now=event / 50)

    assert rate.at(20.0) == pytest.approx(50, rel=0.02)
    assert rate.at(20.0 + MEMORY) == pytest.approx(50 / 2.718, rel=0.02)
    assert Rate().at(5.0) == 0


def test_a_load_waits_once_it_has_seen_that_it_pays() -> None:
    load = Load()
    for event in range(2000):
        load.arrived(event / 200)
    load.ran(1, 0.005, now=10.0)
    assert load.wait(1.0, now=10.0) == 0
    load.ran(4, 0.005, now=10.0)

    assert load.wait(1.0, now=10.0) == pytest.approx(3 / 200, rel=0.02)
    assert load.wait(4.0, now=10.0) == 0
    assert load.wait(1.0, now=13.0) == 0, "the burst is over"
    assert load.busy(10.0) == pytest.approx(0.010 / MEMORY)


def test_one_slow_run_does_not_change_the_mind_of_a_load() -> None:
    load = Load()
    for event in range(1000):
        load.arrived(event / 100)
    for size in (1, 4):
        for _ in range(10):
            load.ran(size, 0.001 * size, now=10.0)
    load.ran(1, 0.02, now=10.0)

    assert load.wait(1.0, now=10.0) == 0
