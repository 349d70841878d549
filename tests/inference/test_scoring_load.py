"""When a scorer waits for company, and how models share the workers."""

import asyncio
from collections.abc import Callable

import pytest

from esapr.inference.cards import Arrays
from esapr.inference.scoring import Scorer
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


class SlowWorkers(ThreadWorkers):
    """Each batch takes 20 ms of the loop's clock, whatever its size."""

    SECONDS = 0.02

    async def run(self, call: Callable[[int], Arrays]) -> Ran:
        started = asyncio.get_running_loop().time()
        await asyncio.sleep(self.SECONDS)
        self._busy.add(self.SECONDS, started + self.SECONDS)
        return Ran(call(0), started, self.SECONDS)


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
        await settle()
        assert first.pending == 0
        answer = group.create_task(second.score(one(1), session="b"))
        await settle()
        assert second.pending == 1
        for n in range(8):
            group.create_task(first.score(one(n), session="a"))
        crowded.gate.set()
        await answer
        waited_for = len(crowded.ran)
        running.cancel()

    assert waited_for <= 3
