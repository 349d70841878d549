"""The batcher against a model that is too slow to be wrong, and its policy case by case."""

from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from esapr.inference.batching import Batcher, BatchLimits, DropReason, Item

LIMITS = BatchLimits(buckets=(1, 2, 4), max_wait=0.1, max_pending=8, use_by=1.0)
WAITS = st.sampled_from([0.0, 0.03, 0.1, 9.0])


def item(session: str, *, added: float = 0.0, use_by: float = 1.0, payload: int = 0) -> Item[int]:
    return Item(payload, session, added, use_by)


def filled(*items: Item[int], limits: BatchLimits = LIMITS) -> Batcher[int]:
    batcher: Batcher[int] = Batcher(limits)
    for each in items:
        assert batcher.add(each) == []
    return batcher


class AgainstANaiveBatcher(RuleBasedStateMachine):
    """A list of everything added, minus what left, is the whole truth."""

    def __init__(self) -> None:
        super().__init__()
        self.batcher: Batcher[int] = Batcher(LIMITS)
        self.waiting: list[Item[int]] = []
        self.now = 0.0
        self.added = 0
        # Batches that left each session out although it waited, since it was last served.
        self.passed_over: Counter[str] = Counter()

    @rule(session=st.sampled_from("abcdef"), patience=st.floats(0.0, 2.0))
    def add(self, session: str, patience: float) -> None:
        self.added += 1
        new = item(session, added=self.now, use_by=self.now + patience, payload=self.added)
        self.waiting.append(new)

        dropped = self.batcher.add(new)

        assert len(dropped) == (len(self.waiting) > LIMITS.max_pending)
        for drop in dropped:
            assert drop.reason is DropReason.OVERLOADED
            crowd = Counter(waiting.session for waiting in self.waiting)
            assert crowd[drop.item.session] == max(crowd.values())
            of_session = [w for w in self.waiting if w.session == drop.item.session]
            assert drop.item is of_session[-1]
            self.waiting.remove(drop.item)

    @rule(seconds=st.floats(0.0, 0.5))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def caller_leaves(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(gone)

        assert self.batcher.discard(gone)
        assert not self.batcher.discard(gone)

    @rule(wait=WAITS)
    def take(self, wait: float) -> None:
        fresh = [w for w in self.waiting if w.use_by >= self.now]
        due = self.is_due(fresh, wait)

        taken = self.batcher.take(self.now, wait)

        stale = [drop.item for drop in taken.dropped]
        assert [w for w in self.waiting if w.use_by < self.now] == stale
        assert all(drop.reason is DropReason.STALE for drop in taken.dropped)
        assert len(taken.batch) == (min(len(fresh), LIMITS.max_size) if due else 0)
        assert all(any(chosen is w for w in fresh) for chosen in taken.batch)
        left = [w for w in fresh if not any(w is chosen for chosen in taken.batch)]
        self.sessions_take_turns(taken.batch, left)
        self.nobody_is_passed_over_twice(taken.batch, left)
        self.waiting = left

    @staticmethod
    def sessions_take_turns(batch: list[Item[int]], left: list[Item[int]]) -> None:
        """No session gets two more places than one that still waits."""
        places = Counter(chosen.session for chosen in batch)
        for hungry in {waiting.session for waiting in left}:
            assert all(count <= places[hungry] + 1 for count in places.values())
        for waiting in left:
            before = [c.use_by for c in batch if c.session == waiting.session]
            assert all(use_by <= waiting.use_by for use_by in before)

    def nobody_is_passed_over_twice(self, batch: list[Item[int]], left: list[Item[int]]) -> None:
        """Six sessions are served within two batches of four."""
        served = {chosen.session for chosen in batch}
        hungry = {waiting.session for waiting in left} - served
        self.passed_over = Counter(
            {session: self.passed_over[session] + bool(batch) for session in hungry}
        )
        assert all(count < 2 for count in self.passed_over.values())

    def is_due(self, items: list[Item[int]], wait: float) -> bool:
        return len(items) >= LIMITS.max_size or any(
            self.now >= waiting.added + min(wait, LIMITS.max_wait) for waiting in items
        )

    @invariant()
    def nothing_is_lost_or_invented(self) -> None:
        assert len(self.batcher) == len(self.waiting) <= LIMITS.max_pending

    @invariant()
    def due_exactly_when_the_model_says(self) -> None:
        for wait in (0.0, 0.05, 9.0):
            due = self.batcher.due_at(wait)
            assert (due is not None and due <= self.now) == self.is_due(self.waiting, wait)


TestAgainstANaiveBatcher = AgainstANaiveBatcher.TestCase
TestAgainstANaiveBatcher.settings = settings(max_examples=60, deadline=None)


def test_an_empty_batcher_is_never_due() -> None:
    batcher: Batcher[int] = Batcher(LIMITS)

    assert batcher.due_at(0.0) is None
    assert batcher.take(1e9, 0.0).batch == []


def test_the_wait_begins_with_the_first_item() -> None:
    batcher = filled(item("a", added=5.0, use_by=9), item("b", added=5.04, use_by=9))

    assert batcher.due_at(0.05) == pytest.approx(5.05)
    assert batcher.take(5.049, 0.05).batch == []
    assert len(batcher.take(5.05, 0.05).batch) == 2


def test_without_a_wait_one_item_is_due_at_once() -> None:
    batcher = filled(item("a", added=5.0, use_by=9))

    assert batcher.due_at(0.0) == 5.0
    assert len(batcher.take(5.0, 0.0).batch) == 1


def test_no_wait_is_longer_than_the_limit() -> None:
    assert filled(item("a", added=5.0)).due_at(60.0) == 5.0 + LIMITS.max_wait


def test_a_full_batch_is_due_at_once() -> None:
    batcher = filled(*(item(session) for session in "abcd"))

    assert batcher.due_at(9.0) == float("-inf")
    assert len(batcher.take(0.0, 9.0).batch) == 4


def test_a_batch_never_exceeds_the_last_bucket() -> None:
    batcher = filled(*(item(session) for session in "abcdef"))

    assert [len(batcher.take(1.0, 0.0).batch) for _ in range(3)] == [4, 2, 0]


def test_a_noisy_session_does_not_delay_a_quiet_one() -> None:
    noisy = [item("noisy", use_by=0.5) for _ in range(7)]
    quiet = item("quiet", use_by=1.0)

    batch = filled(*noisy, quiet).take(0.0, 0.0).batch

    assert quiet in batch
    assert batch[0] is noisy[0]


@pytest.mark.parametrize("places", [1, 2, 4])
def test_a_hundred_times_the_work_delays_nobody_by_more_than_a_batch(places: int) -> None:
    """With ``places`` a batch, a quiet one is never passed over twice by one noisy session."""
    limits = BatchLimits(buckets=(places,), max_wait=0.0, max_pending=1000, use_by=60.0)
    batcher: Batcher[int] = Batcher(limits)
    delays = []
    for second in range(20):
        for _ in range(100):
            batcher.add(item("noisy", added=second, use_by=second + 60))
        quiet = item("quiet", added=second, use_by=second + 60)
        batcher.add(quiet)
        batches = (batcher.take(float(second), 0.0).batch for _ in range(100))
        delays.append(next(number for number, batch in enumerate(batches) if quiet in batch))

    assert max(delays) <= 1


def test_sessions_that_are_short_of_places_take_turns() -> None:
    limits = BatchLimits(buckets=(1, 2), max_wait=0.0, max_pending=1000, use_by=60.0)
    # Backlogs of different age: by use-by alone, "d" would wait for all the others.
    backlogs = [item(s, use_by=50 + age) for age, s in enumerate("abcd") for _ in range(10)]
    batcher = filled(*backlogs, limits=limits)

    served = [{i.session for i in batcher.take(0.0, 0.0).batch} for _ in range(4)]

    assert served == [{"a", "b"}, {"c", "d"}, {"a", "b"}, {"c", "d"}]


def test_a_noisy_session_displaces_its_own_newest_item() -> None:
    noisy = [item("noisy") for _ in range(7)]
    batcher = filled(*noisy, item("quiet"))

    (dropped,) = batcher.add(item("late"))

    assert dropped.item is noisy[-1]
    assert dropped.reason is DropReason.OVERLOADED


def test_without_a_noisy_session_the_newcomer_is_refused() -> None:
    batcher = filled(*(item(session) for session in "abcdefgh"))
    late = item("late")

    (dropped,) = batcher.add(late)

    assert dropped.item is late


def test_an_item_at_its_use_by_still_runs_and_one_past_it_does_not() -> None:
    on_time, late = item("a", use_by=0.5), item("b", use_by=0.499)

    taken = filled(on_time, late).take(0.5, 0.0)

    assert taken.batch == [on_time]
    assert [(drop.item, drop.reason) for drop in taken.dropped] == [(late, DropReason.STALE)]


@pytest.mark.parametrize(("size", "bucket"), [(1, 1), (2, 2), (3, 4), (4, 4)])
def test_a_batch_runs_in_the_smallest_bucket_that_holds_it(size: int, bucket: int) -> None:
    assert LIMITS.bucket(size) == bucket
