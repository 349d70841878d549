"""Models and counters to test a scorer with."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np

from esapr.inference.batching import BatchLimits
from esapr.inference.cards import Arrays
from esapr.inference.scoring import Scored, Scorer
from esapr.inference.stages import Network, Rows
from esapr.inference.workers import ThreadWorkers

ArrayScorer = Scorer[Arrays, Arrays]

LIMITS = BatchLimits(buckets=(1, 2, 4), max_wait=0.05, max_pending=8, use_by=1.0)


class TakesAnyArrays:
    """A device without arrays of its own."""

    def inputs(self, rows: int, device: int) -> None:
        return None


class Doubler(TakesAnyArrays):
    """Returns ``2 x`` as ``y`` and remembers the batches it ran."""

    def __init__(self) -> None:
        self.ran: list[Arrays] = []

    def run(self, batch: Arrays, device: int) -> Arrays:
        self.ran.append(batch)
        return {"y": batch["x"] * 2}


class Answering(TakesAnyArrays):
    """Answers with whatever ``answer`` makes of the batch."""

    def __init__(self, answer: Callable[[Arrays], Arrays]) -> None:
        self._answer = answer

    def run(self, batch: Arrays, device: int) -> Arrays:
        return self._answer(batch)


class Gated(Doubler):
    """Waits inside a batch until the gate opens, and says when it is inside."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.inside = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def run(self, batch: Arrays, device: int) -> Arrays:
        self._loop.call_soon_threadsafe(self.inside.set)
        assert self.gate.wait(timeout=10), "the test never opened the gate"
        return super().run(batch, device)


class Tally:
    """Counts what the scorer reports."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.drops: Counter[str] = Counter()

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None:
        self.sizes.append(size)

    def dropped(self, model: str, reason: str, count: int) -> None:
        self.drops[reason] += count


@asynccontextmanager
async def scoring(
    model: Doubler | Answering, tally: Tally, workers: ThreadWorkers | None = None
) -> AsyncIterator[ArrayScorer]:
    with workers or ThreadWorkers(1) as pool:
        scorer = Scorer(Rows(Network("doubler", model, LIMITS)), pool, tally)
        running = asyncio.get_running_loop().create_task(scorer.run())
        try:
            yield scorer
        finally:
            running.cancel()
            await asyncio.wait([running])


def one(value: float) -> Arrays:
    return {"x": np.array([value], np.float32)}


async def settle() -> None:
    """Let the loop turn until everything that can happen now has happened."""
    for _ in range(20):
        await asyncio.sleep(0)


async def all_scores(scorer: ArrayScorer, count: int) -> list[Scored[Arrays] | BaseException]:
    calls = (scorer.score(one(n), session=f"s{n}") for n in range(count))
    return await asyncio.gather(*calls, return_exceptions=True)
