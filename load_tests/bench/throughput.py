"""``bench inference``: what the batcher and its shell cost, against the bare models."""

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from esapr.inference.cards import Arrays
from esapr.inference.scoring import NotRunError, Scorer
from esapr.inference.stages import Network, Rows
from esapr.inference.workers import ThreadWorkers
from esapr.load_tests.bench.raw import Load, raw_rate
from esapr.load_tests.bench.repeated import Meter, Repeated, percentile

TARGET = 0.95
"""Share of the bare model's throughput that the scorer must keep."""

LOAD = 0.7
"""Share of the bare model's throughput that is offered when latency is measured."""

BATCHES = 1.5
"""Batches that an item may wait for, besides the wait that its model's card allows."""


ItemScorer = Scorer[Arrays, Arrays]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to measure: ``seconds`` a side a repetition."""

    sessions: int
    seconds: float
    repetitions: int
    threads: int
    sizes: Sequence[int] | None = None
    """Batch sizes to try bare; None takes the buckets of the model's card."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One model's result; times are milliseconds, ``noise`` that of the ratio."""

    raw_by_batch: dict[int, float]
    raw_batch: int
    raw_items_s: float
    scorer_batch: float
    scorer_items_s: float
    ratio: float
    noise: float
    added_latency_p95_ms: float | None
    added_latency_limit_ms: float | None
    dropped: int


@dataclass(slots=True)
class Observed:
    """What the scorer did; implements :class:`esapr.inference.scoring.ScorerObserver`."""

    meter: Meter
    sizes: list[int] = field(default_factory=list)
    drops: int = 0

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None:
        """Note a batch that ran."""
        now = time.perf_counter()
        self.meter.add(now - ran, now, size)
        self.sizes.append(size)

    def dropped(self, model: str, reason: str, count: int) -> None:
        """Note items that were dropped."""
        self.drops += count


def measure(
    loads: dict[str, Load], settings: Settings, done: Callable[[str], None]
) -> dict[str, Figures]:
    """Measure each model in turn and tell ``done`` its name."""
    figures = {}
    for name, load in loads.items():
        figures[name] = _measure(load, settings)
        done(name)
    return figures


def _measure(load: Load, settings: Settings) -> Figures:
    seconds, threads = settings.seconds, settings.threads
    by_batch = {
        size: raw_rate(load, size, threads=threads, seconds=seconds / 4)
        for size in settings.sizes or load.model.card.batch.buckets
    }
    best = max(by_batch, key=by_batch.__getitem__)
    raw: list[float] = []
    observed: list[Observed] = []
    for _ in range(settings.repetitions):
        raw.append(raw_rate(load, best, threads=threads, seconds=seconds))
        observed.append(asyncio.run(_saturate(load, settings)))
    scored = [run.meter.rate for run in observed]
    ratios = Repeated([ours / bare for ours, bare in zip(scored, raw, strict=True)])
    waits = asyncio.run(_offer(load, settings, LOAD * Repeated(raw).median))
    return Figures(
        raw_by_batch=by_batch,
        raw_batch=best,
        raw_items_s=Repeated(raw).median,
        scorer_batch=statistics.fmean(size for run in observed for size in run.sizes),
        scorer_items_s=Repeated(scored).median,
        ratio=ratios.median,
        noise=ratios.noise,
        added_latency_p95_ms=percentile(waits.added_ms, 0.95),
        added_latency_limit_ms=waits.limit_ms(load.model.card.batch.max_wait),
        dropped=sum(run.drops for run in observed) + waits.drops,
    )


@asynccontextmanager
async def _scorer(load: Load, threads: int, observed: Observed) -> AsyncIterator[ItemScorer]:
    """Run a scorer as the server does: as many batches at once as there are threads."""
    card = load.model.card
    with ThreadWorkers(threads) as workers:
        stage = Rows(Network(card.name, load.model, card.batch))
        scorer = Scorer(stage, workers, observed)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(scorer.run())
            yield scorer
            running.cancel()


async def _saturate(load: Load, settings: Settings) -> Observed:
    """Let every session ask again as soon as it is answered."""
    end = time.perf_counter() + settings.seconds
    observed = Observed(Meter(time.perf_counter(), end))
    async with _scorer(load, settings.threads, observed) as scorer, asyncio.TaskGroup() as group:
        for number in range(settings.sessions):
            item = load.items[number % len(load.items)]
            group.create_task(_ask(scorer, item, f"{number}", end))
    return observed


async def _ask(scorer: ItemScorer, item: Arrays, session: str, end: float) -> None:
    while time.perf_counter() < end:
        try:
            await scorer.score(item, session=session)
        except NotRunError:
            # Counted by the observer; the session asks again, as a live one does.
            await asyncio.sleep(0)


@dataclass(slots=True)
class _Waits:
    """Latency beyond the run of an item's own batch, and how long batches ran."""

    added_ms: list[float] = field(default_factory=list)
    ran_ms: list[float] = field(default_factory=list)
    drops: int = 0

    def limit_ms(self, max_wait: float) -> float | None:
        if not self.ran_ms:
            return None
        return max_wait * 1000 + BATCHES * statistics.median(self.ran_ms)


async def _offer(load: Load, settings: Settings, rate: float) -> _Waits:
    """Let items arrive at ``rate`` a second, at random (Poisson), however slow the answers are."""
    chance, loop = random.Random(0), asyncio.get_running_loop()
    waits, observed = _Waits(), Observed(Meter(loop.time(), loop.time() + settings.seconds))
    async with _scorer(load, settings.threads, observed) as scorer, asyncio.TaskGroup() as group:
        due, end, number = loop.time(), loop.time() + settings.seconds, 0
        while due < end:
            await asyncio.sleep(max(0.0, due - loop.time()))
            item = load.items[number % len(load.items)]
            group.create_task(_time(scorer, item, f"{number % settings.sessions}", waits))
            number += 1
            due += chance.expovariate(rate)
    waits.drops = observed.drops
    return waits


async def _time(scorer: ItemScorer, item: Arrays, session: str, waits: _Waits) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        scored = await scorer.score(item, session=session)
    except NotRunError:
        return
    waits.added_ms.append((loop.time() - began) * 1000 - scored.infer_ms)
    waits.ran_ms.append(scored.infer_ms)
