"""When a scorer waits for company, and how models share the workers."""

import asyncio
import random
import statistics
from collections.abc import Callable
from typing import TypeVar

import pytest

from esapr.inference.batching import BatchLimits
from esapr.inference.cards import Arrays
from esapr.inference.scoring import Scorer
from esapr.inference.stages import Network, Rows
from esapr.inference.workers import Ran, ThreadWorkers
from tests.inference.batch_models import (
    LIMITS,
    Answering,
    Doubler,
    Gated,
    Tally,
    one,
    scoring,
    settle,
)

Out = TypeVar("Out")


class SlowWorkers(ThreadWorkers):
    """Each batch takes 20 ms of the loop's clock, whatever its size."""

    SECONDS = 0.02

    def start(
        self, call: Callable[[int], Out], done: Callable[[Ran[Out] | BaseException], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()

        def end() -> None:
            self.free.release()
            done(self.note(Ran(call(0), started, self.SECONDS), loop.time()))

        loop.call_later(self.SECONDS, end)


class CpuWorkers(ThreadWorkers):
    """Two processors on the loop's clock, on which every row of a batch takes 2 ms, padding too."""

    ROW_SECONDS = 0.002

    def __init__(self) -> None:
        super().__init__(2)
        self.rows = 0
        self._free_at = [0.0, 0.0]

    def start(
        self, call: Callable[[int], Out], done: Callable[[Ran[Out] | BaseException], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        began = max(loop.time(), min(self._free_at))
        answers = call(0)
        seconds = self.rows * self.ROW_SECONDS
        self._free_at[self._free_at.index(min(self._free_at))] = began + seconds

        def end() -> None:
            self.free.release()
            done(self.note(Ran(answers, began, seconds), loop.time()))

        loop.call_at(began + seconds, end)


def double(batch: Arrays) -> Arrays:
    return {"y": batch["x"] * 2}


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
        busy = tally.sizes[len(tally.sizes) // 2 : -3]
        tally.sizes.clear()
        await asyncio.sleep(60)
        asked = asyncio.get_running_loop().time()
        await scorer.score(one(1), session="a")

    assert min(busy) > 1
    assert asyncio.get_running_loop().time() == pytest.approx(asked + SlowWorkers.SECONDS)
    assert not tally.drops


async def test_at_seventy_percent_load_a_cpu_pays_for_no_padding_and_keeps_its_latency() -> None:
    """The promise of the benchmark: 95 % wait for no more than ``max_wait`` and 1.5 batches."""
    rows: list[int] = []
    workers, chance, loop = CpuWorkers(), random.Random(0), asyncio.get_running_loop()

    def on_rows(batch: Arrays) -> Arrays:
        workers.rows = len(batch["x"])
        rows.append(workers.rows)
        return double(batch)

    limits = BatchLimits(buckets=(1, 2, 4, 8, 16), max_wait=0.005, max_pending=128, use_by=0.5)
    scorer = Scorer(Rows(Network("cpu", Answering(on_rows), limits)), workers, Tally())
    added: list[float] = []
    ran: list[float] = []

    async def ask(number: int) -> None:
        asked = loop.time()
        score = await scorer.score(one(number), session=f"s{number % 64}")
        added.append((loop.time() - asked) * 1000 - score.infer_ms)
        ran.append(score.infer_ms)

    async with asyncio.TaskGroup() as group:
        running = group.create_task(scorer.run())
        async with asyncio.TaskGroup() as callers:
            for number in range(3000):
                await asyncio.sleep(chance.expovariate(0.7 * 2 / CpuWorkers.ROW_SECONDS))
                callers.create_task(ask(number))
        running.cancel()

    assert sum(rows) <= 1.01 * len(added)
    assert sorted(added)[int(0.95 * len(added))] <= 5 + 1.5 * statistics.median(ran)


async def test_models_take_turns_on_the_workers() -> None:
    crowded, workers = Gated(), ThreadWorkers(1)
    ran_before: list[int] = []

    def answer_late(batch: Arrays) -> Arrays:
        ran_before.append(len(crowded.ran))
        return double(batch)

    async with (
        scoring(crowded, Tally(), workers) as first,
        asyncio.TaskGroup() as group,
    ):
        second = Scorer(Rows(Network("quiet", Answering(answer_late), LIMITS)), workers, Tally())
        running = group.create_task(second.run())
        for n in range(8):
            group.create_task(first.score(one(n), session="a"))
        await crowded.inside.wait()
        await settle()
        assert first.pending == 0
        answer = group.create_task(second.score(one(1), session="b"))
        await settle()
        assert second.pending == 1
        for n in range(8):
            group.create_task(first.score(one(n), session="a"))
        crowded.gate.set()
        await answer
        running.cancel()

    assert ran_before == [2], "the batch that ran and the one at hand, no more"
