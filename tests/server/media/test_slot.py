import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.server.media.slot import Slot


@given(st.lists(st.integers()), st.integers(min_value=1, max_value=5))
def test_the_latest_items_stay_and_each_displaced_one_is_returned(
    items: list[int], capacity: int
) -> None:
    slot: Slot[int] = Slot(capacity)
    displaced = [gone for item in items if (gone := slot.put(item)) is not None]
    kept = [slot.take() for _ in range(len(slot))]
    assert kept == items[-capacity:] if items else kept == []
    assert displaced + kept == items


def test_an_empty_slot_has_nothing_to_take() -> None:
    with pytest.raises(IndexError):
        Slot[int](1).take()


def test_a_slot_holds_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        Slot[int](0)
