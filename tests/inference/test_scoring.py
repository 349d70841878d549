"""The scorer: every call is answered once, by its own batch, whatever happens to its neighbours."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest

from esapr.inference.batching import BatchLimits, DropReason
from esapr.inference.models import Arrays
from esapr.inference.scoring import BatchFailedError, NotRunError, Scored, Scorer, check, stack
from esapr.inference.workers import ThreadWorkers

LIMITS = BatchLimits(buckets=(1, 2, 4), max_wait=0.05, max_pending=8, use_by=1.0)


class Doubler:
    """Returns ``2 x`` as ``y`` and remembers the batches it ran."""

    def __init__(self) -> None:
        self.ran: list[Arrays] = []

    def run(self, batch: Arrays) -> Arrays:
        self.ran.append(batch)
        return {"y": batch["x"] * 2}


class Answering:
    """Answers with whatever ``answer`` makes of the batch."""

    def __init__(self, answer: Callable[[Arrays], Arrays]) -> None:
        self.run = answer


class Gated(Doubler):
    """Waits inside a batch until the gate opens, and says when it is inside."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.inside = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def run(self, batch: Arrays) -> Arrays:
        self._loop.call_soon_threadsafe(self.inside.set)
        self.gate.wait()
        return super().run(batch)


class Tally:
    """Counts what the scorer reports."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.drops: Counter[str] = Counter()

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None:
        self.sizes.append(size)

    def dropped(self, model: str, reason: str, count: int) -> None:
        self.drops[reason] += count


class SlowWorkers(ThreadWorkers):
    """Each batch takes 20 ms of the loop's clock, whatever its size."""

    SECONDS = 0.02

    async def run(self, call: Callable[[Arrays], Arrays], batch: Arrays) -> Arrays:
        await asyncio.sleep(self.SECONDS)
        self._busy.add(self.SECONDS, asyncio.get_running_loop().time())
        return call(batch)


def double(batch: Arrays) -> Arrays:
    return {"y": batch["x"] * 2}


@asynccontextmanager
async def scoring(
    model: Doubler | Answering, tally: Tally, workers: ThreadWorkers | None = None
) -> AsyncIterator[Scorer]:
    with workers or ThreadWorkers(1) as pool:
        scorer = Scorer("doubler", model, LIMITS, pool, tally)
        running = asyncio.get_running_loop().create_task(scorer.run())
        try:
            yield scorer
        finally:
            running.cancel()
            await asyncio.wait([running])


def one(value: float) -> Arrays:
    return {"x": np.array([value], np.float32)}


async def all_scores(scorer: Scorer, count: int) -> list[Scored | BaseException]:
    calls = (scorer.score(one(n), session=f"s{n}") for n in range(count))
    return await asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8])
async def test_count_in_is_count_out_and_each_caller_gets_its_own_row(count: int) -> None:
    tally = Tally()
    async with scoring(Doubler(), tally) as scorer:
        scores = await all_scores(scorer, count)

    assert [float(s.outputs["y"][0]) for s in scores if isinstance(s, Scored)] == [
        2.0 * n for n in range(count)
    ]
    assert sum(tally.sizes) == count
    assert not tally.drops


async def test_a_full_batch_does_not_wait() -> None:
    tally = Tally()
    async with scoring(Doubler(), tally) as scorer:
        await all_scores(scorer, LIMITS.max_size)

    assert tally.sizes == [LIMITS.max_size]
    assert asyncio.get_running_loop().time() == 0


async def test_an_idle_scorer_lets_nobody_wait() -> None:
    loop = asyncio.get_running_loop()
    async with scoring(Doubler(), Tally()) as scorer:
        for _ in range(5):
            asked = loop.time()
            score = await scorer.score(one(1), session="a")
            assert loop.time() == asked
            assert score.queue_ms == 0
            await asyncio.sleep(0.04)


async def test_a_scorer_waits_for_company_once_single_items_cannot_be_kept_up_with() -> None:
    """A batch of four costs what one item costs: 20 ms, and an item comes every 9 ms."""
    tally = Tally()
    async with scoring(Answering(double), tally, workers=SlowWorkers(1)) as scorer:
        async with asyncio.TaskGroup() as group:
            for n in range(400):
                group.create_task(scorer.score(one(n), session=f"s{n % 8}"))
                await asyncio.sleep(0.009)
        busy = tally.sizes[-20:]
        tally.sizes.clear()
        await asyncio.sleep(60)
        asked = asyncio.get_running_loop().time()
        await scorer.score(one(1), session="a")

    assert min(busy) > 1
    assert asyncio.get_running_loop().time() == pytest.approx(asked + SlowWorkers.SECONDS)
    assert not tally.drops


async def test_models_take_turns_on_the_workers() -> None:
    crowded, quiet, workers = Gated(), Doubler(), ThreadWorkers(1)
    async with (
        scoring(crowded, Tally(), workers) as first,
        asyncio.TaskGroup() as group,
    ):
        second = Scorer("quiet", quiet, LIMITS, workers, Tally())
        running = group.create_task(second.run())
        for n in range(8):
            group.create_task(first.score(one(n), session="a"))
        await crowded.inside.wait()
        answer = group.create_task(second.score(one(1), session="b"))
        for _ in range(3):
            await asyncio.sleep(0)
        assert second.pending == 1, "taken before a worker was free"
        for n in range(4):
            group.create_task(first.score(one(n), session="a"))
        crowded.gate.set()
        await answer
        waited_for = len(crowded.ran)
        running.cancel()

    assert waited_for <= 2


async def test_while_the_worker_is_busy_the_next_batch_fills() -> None:
    model, tally = Gated(), Tally()
    async with scoring(model, tally) as scorer, asyncio.TaskGroup() as group:
        for n in range(LIMITS.max_size):
            group.create_task(scorer.score(one(n), session=f"s{n}"))
        await model.inside.wait()
        for n in range(3):
            group.create_task(scorer.score(one(n), session=f"t{n}"))
        await asyncio.sleep(0)
        assert scorer.pending == 3
        model.gate.set()

    assert tally.sizes == [4, 3]


async def test_a_cancelled_caller_leaves_its_neighbours_alone() -> None:
    model, tally = Gated(), Tally()
    async with scoring(model, tally) as scorer, asyncio.TaskGroup() as group:
        group.create_task(scorer.score(one(0), session="first"))
        await model.inside.wait()
        gone = group.create_task(scorer.score(one(1), session="gone"))
        stays = group.create_task(scorer.score(one(2), session="stays"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        assert scorer.pending == 1
        model.gate.set()

    assert float(stays.result().outputs["y"][0]) == 4
    assert tally.sizes == [1, 1]


async def test_a_caller_cancelled_while_its_batch_runs_does_not_break_it() -> None:
    model, tally = Gated(), Tally()
    async with scoring(model, tally) as scorer, asyncio.TaskGroup() as group:
        calls = [group.create_task(scorer.score(one(n), session=f"s{n}")) for n in range(4)]
        await model.inside.wait()
        calls[0].cancel()
        model.gate.set()

    assert [float(call.result().outputs["y"][0]) for call in calls[1:]] == [2, 4, 6]
    assert tally.sizes == [4]


def raises(_: Arrays) -> Arrays:
    raise RuntimeError("no such kernel")


def one_row_short(batch: Arrays) -> Arrays:
    return {"y": batch["x"][:-1]}


def not_a_number(batch: Arrays) -> Arrays:
    return {"y": np.full_like(batch["x"], np.nan)}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (raises, "no such kernel"),
        (one_row_short, "has 1 rows, the batch has 2"),
        (not_a_number, "not finite"),
    ],
)
async def test_a_bad_batch_fails_all_its_members(
    answer: Callable[[Arrays], Arrays], message: str
) -> None:
    tally = Tally()
    async with scoring(Answering(answer), tally) as scorer:
        scores = await all_scores(scorer, 2)

    assert all(isinstance(score, BatchFailedError) for score in scores)
    assert all(message in str(score) for score in scores)
    assert tally.drops == {"failed": 2}
    assert tally.sizes == []


async def test_after_a_failed_batch_the_next_one_runs() -> None:
    def fails_on_thirteen(batch: Arrays) -> Arrays:
        if 13 in batch["x"]:
            raise RuntimeError("unlucky")
        return {"y": batch["x"]}

    async with scoring(Answering(fails_on_thirteen), Tally()) as scorer:
        with pytest.raises(BatchFailedError, match="unlucky"):
            await scorer.score(one(13), session="a")
        score = await scorer.score(one(1), session="a")

    assert float(score.outputs["y"][0]) == 1


async def test_items_of_different_length_are_padded_with_zeros() -> None:
    model = Doubler()
    long, short = np.array([1, 2, 3], np.float32), np.array([4], np.float32)
    async with scoring(model, Tally()) as scorer:
        await asyncio.gather(
            scorer.score({"x": long}, session="a"), scorer.score({"x": short}, session="b")
        )

    assert model.ran[0]["x"].tolist() == [[1, 2, 3], [4, 0, 0]]


async def test_a_batch_is_padded_to_its_bucket_and_the_padding_is_answered_to_nobody() -> None:
    model = Doubler()
    async with scoring(model, Tally()) as scorer:
        scores = await all_scores(scorer, 3)

    assert model.ran[0]["x"].shape == (4, 1)
    assert [score.batch_size for score in scores if isinstance(score, Scored)] == [3, 3, 3]


async def test_what_does_not_fit_is_refused_at_once() -> None:
    model, tally = Gated(), Tally()
    async with scoring(model, tally) as scorer, asyncio.TaskGroup() as group:
        for n in range(LIMITS.max_size):
            group.create_task(scorer.score(one(n), session=f"s{n}"))
        await model.inside.wait()
        for n in range(LIMITS.max_pending):
            group.create_task(scorer.score(one(n), session=f"t{n}"))
        await asyncio.sleep(0)

        with pytest.raises(NotRunError) as refused:
            await scorer.score(one(9), session="late")
        model.gate.set()

    assert refused.value.reason is DropReason.OVERLOADED
    assert tally.drops == {"overloaded": 1}
    assert sum(tally.sizes) == LIMITS.max_size + LIMITS.max_pending


def test_stack_leaves_missing_rows_zero() -> None:
    stacked = stack([one(1), one(2)], rows=4)

    assert stacked["x"].tolist() == [[1], [2], [0], [0]]
    assert stacked["x"].dtype == np.float32


async def test_a_model_may_divide_by_zero_on_padding() -> None:
    def inverse(batch: Arrays) -> Arrays:
        with np.errstate(divide="ignore"):
            return {"y": 1 / batch["x"]}

    async with scoring(Answering(inverse), Tally()) as scorer:
        scores = await asyncio.gather(
            *(scorer.score(one(value), session=str(value)) for value in (1, 2, 4))
        )

    assert [float(score.outputs["y"][0]) for score in scores] == [1, 0.5, 0.25]


def test_check_names_the_output_that_is_wrong() -> None:
    with pytest.raises(ValueError, match="output y has 1 rows, the batch has 2"):
        check({"y": np.zeros((1, 7), np.float32)}, rows=2, used=2)
