"""The asyncio shell of a batcher: callers await one item, workers run whole batches."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from esapr.inference.batching import Batcher, Dropped, DropReason, Item
from esapr.inference.stages import Answers, Stage
from esapr.inference.tracing import BatchTracer, TracedBatch, TracedItem
from esapr.inference.waiting import Load
from esapr.inference.workers import Ran, ThreadWorkers

In = TypeVar("In")
Out = TypeVar("Out")


class ScoringError(Exception):
    """An item was accepted but has no score."""


class NotRunError(ScoringError):
    """The item was dropped before it ran; ``reason`` says why."""

    def __init__(self, reason: DropReason) -> None:
        """Keep the reason for the drop counters."""
        super().__init__(reason.value)
        self.reason = reason


class BatchFailedError(ScoringError):
    """The model raised, or returned the wrong count or NaN; only this batch is affected."""


class ScorerObserver(Protocol):
    """Told of everything that is worth a metric; times are seconds."""

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None:
        """Note that ``model`` ran; ``queued`` is the wait of its batch's oldest item."""

    def dropped(self, model: str, reason: str, count: int) -> None:
        """Note ``count`` items that were dropped or failed."""


@dataclass(frozen=True, slots=True)
class Scored(Generic[Out]):
    """One item's value and what it cost (milliseconds)."""

    value: Out
    batch_size: int
    queue_ms: float
    infer_ms: float


@dataclass(slots=True, eq=False)
class _Request(Generic[In, Out]):
    item: In
    answer: asyncio.Future[Scored[Out]]
    caller: object | None


class Scorer(Generic[In, Out]):
    """Batches :meth:`score` calls of all sessions for one stage.

    :meth:`run` is the one task that forms batches; it lives in the server's TaskGroup. A batch is
    formed when a worker is about to take it: while all of them are busy, with this or another
    stage, items wait in the batcher, where a later batch is fuller. Stages take turns.
    """

    def __init__(
        self,
        stage: Stage[In, Out],
        workers: ThreadWorkers,
        observer: ScorerObserver,
        tracer: BatchTracer | None = None,
    ) -> None:
        """Create a scorer; nothing runs before :meth:`run`."""
        self.name = stage.name
        self._stage = stage
        self._limits = stage.limits
        self._workers = workers
        self._observer = observer
        self._tracer = tracer
        self._batcher: Batcher[_Request[In, Out]] = Batcher(stage.limits)
        self._load = Load()
        self._changed = asyncio.Event()

    @property
    def pending(self) -> int:
        """Number of items that wait for a batch."""
        return len(self._batcher)

    async def score(self, item: In, *, session: str) -> Scored[Out]:
        """Score one item.

        Raises:
            NotRunError: the queue is full or the item went stale.
            BatchFailedError: the stage failed on this item's batch.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        caller = self._tracer.caller() if self._tracer else None
        request: _Request[In, Out] = _Request(item, loop.create_future(), caller)
        queued = Item(request, session, now, now + self._limits.use_by)
        self._load.arrived(now)
        self._refuse(self._batcher.add(queued))
        self._changed.set()
        try:
            return await request.answer
        finally:
            # A caller that is cancelled leaves no work behind; a running batch goes on.
            self._batcher.discard(queued)

    async def run(self) -> None:
        """Form batches and hand them to the workers until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            wait = await self._due()
            await self._workers.free.acquire()
            taken = self._batcher.take(loop.time(), wait)
            self._refuse(taken.dropped)
            if batch := taken.batch:
                items = [item.payload.item for item in batch]
                self._workers.start(partial(self._answers, items), partial(self._done, batch))
            else:
                self._workers.free.release()

    async def _due(self) -> float:
        """Return once the batcher has a batch that is due, with the wait that made it so."""
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            others = self._workers.busy(now) - self._load.busy(now)
            wait = self._load.wait(self._workers.size - others, now)
            due = self._batcher.due_at(wait)
            if due is not None and due <= now:
                return wait
            self._changed.clear()
            try:
                async with asyncio.timeout_at(due):
                    await self._changed.wait()
            except TimeoutError:
                return wait

    def _answers(self, items: Sequence[In], device: int) -> Answers[Out]:
        """Run the stage, on a worker thread of ``device``."""
        answers = self._stage.run(items, device)
        if len(answers.values) != len(items):
            raise ValueError(f"{len(answers.values)} values for {len(items)} items")
        return answers

    def _done(
        self, batch: list[Item[_Request[In, Out]]], ran: Ran[Answers[Out]] | BaseException
    ) -> None:
        if isinstance(ran, BaseException):
            # Whatever a stage raises fails its batch only.
            self._observer.dropped(self.name, "failed", len(batch))
            self._fail(batch, BatchFailedError(f"{self.name}: {type(ran).__name__}: {ran}"))
            return
        now = asyncio.get_running_loop().time()
        self._load.ran(ran.value.runs[0].rows, ran.seconds, now)
        queued = ran.started - min(item.added for item in batch)
        for run in ran.value.runs:
            self._observer.batch_done(run.model, run.size, queued, run.seconds)
        if self._tracer:
            self._trace(self._tracer, batch, ran)
        for item, value in zip(batch, ran.value.values, strict=True):
            if not item.payload.answer.done():
                waited = ran.started - item.added
                item.payload.answer.set_result(
                    Scored(value, len(batch), waited * 1000, ran.seconds * 1000)
                )

    def _trace(
        self,
        tracer: BatchTracer,
        batch: list[Item[_Request[In, Out]]],
        ran: Ran[Answers[Out]],
    ) -> None:
        items = [
            TracedItem(caller, item.added)
            for item in batch
            if (caller := item.payload.caller) is not None
        ]
        if items:
            ended, runs = ran.started + ran.seconds, ran.value.runs
            tracer.batch(TracedBatch(self.name, len(batch), ran.started, ended, items, runs))

    def _refuse(self, dropped: list[Dropped[_Request[In, Out]]]) -> None:
        for drop in dropped:
            self._observer.dropped(self.name, drop.reason, 1)
            self._fail([drop.item], NotRunError(drop.reason))

    @staticmethod
    def _fail(items: list[Item[_Request[In, Out]]], error: ScoringError) -> None:
        for item in items:
            if not item.payload.answer.done():
                item.payload.answer.set_exception(error)
