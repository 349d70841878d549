"""The asyncio shell of a batcher: callers await one item, workers run whole batches."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from esapr.inference.batching import Batcher, BatchLimits, Dropped, DropReason, Item
from esapr.inference.cards import Arrays
from esapr.inference.waiting import Load
from esapr.inference.workers import ThreadWorkers


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


class BatchModel(Protocol):
    """What a scorer needs of a model: :class:`esapr.inference.models.Model` in production."""

    def run_items(self, items: Sequence[Arrays], rows: int, device: int) -> Arrays:
        """Run items, without a batch dimension, as a batch of ``rows`` rows on a device."""


class ScorerObserver(Protocol):
    """Told of everything that is worth a metric; times are seconds."""

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None:
        """Note a batch that ran; ``queued`` is the wait of its oldest item."""

    def dropped(self, model: str, reason: str, count: int) -> None:
        """Note ``count`` items that were dropped or failed."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One item's outputs, without the batch dimension, and what it cost (milliseconds)."""

    outputs: Arrays
    batch_size: int
    queue_ms: float
    infer_ms: float


@dataclass(slots=True, eq=False)
class _Request:
    inputs: Arrays
    answer: asyncio.Future[Scored]


class Scorer:
    """Batches :meth:`score` calls of all sessions for one model.

    :meth:`run` is the one task that forms batches; it lives in the server's TaskGroup. A batch is
    formed when a worker is about to take it: while all of them are busy, with this or another
    model, items wait in the batcher, where a later batch is fuller. Models take turns.
    """

    def __init__(
        self,
        name: str,
        model: BatchModel,
        limits: BatchLimits,
        workers: ThreadWorkers,
        observer: ScorerObserver,
    ) -> None:
        """Create a scorer; nothing runs before :meth:`run`."""
        self.name = name
        self._model = model
        self._limits = limits
        self._workers = workers
        self._observer = observer
        self._batcher: Batcher[_Request] = Batcher(limits)
        self._load = Load()
        self._changed = asyncio.Event()

    @property
    def pending(self) -> int:
        """Number of items that wait for a batch."""
        return len(self._batcher)

    async def score(self, inputs: Arrays, *, session: str) -> Scored:
        """Score one item: arrays without a batch dimension.

        Arrays whose first dimension differs between items of a batch are padded with zeros.

        Raises:
            NotRunError: the queue is full or the item went stale.
            BatchFailedError: the model failed on this item's batch.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        request = _Request(inputs, loop.create_future())
        item = Item(request, session, now, now + self._limits.use_by)
        self._load.arrived(now)
        self._refuse(self._batcher.add(item))
        self._changed.set()
        try:
            return await request.answer
        finally:
            # A caller that is cancelled leaves no work behind; a running batch goes on.
            self._batcher.discard(item)

    async def run(self) -> None:
        """Form and run batches until cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while True:
                wait = await self._due()
                await self._workers.free.acquire()
                taken = self._batcher.take(loop.time(), wait)
                self._refuse(taken.dropped)
                if taken.batch:
                    group.create_task(self._run_batch(taken.batch))
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

    async def _run_batch(self, batch: list[Item[_Request]]) -> None:
        try:
            ran = await self._workers.run(partial(self._outputs, batch))
        except Exception as error:
            # Whatever a model raises fails its batch only.
            self._observer.dropped(self.name, "failed", len(batch))
            self._fail(batch, BatchFailedError(f"{self.name}: {type(error).__name__}: {error}"))
            return
        finally:
            self._workers.free.release()
        now = asyncio.get_running_loop().time()
        self._load.ran(self._limits.bucket(len(batch)), ran.seconds, now)
        queued = ran.started - min(item.added for item in batch)
        self._observer.batch_done(self.name, len(batch), queued, ran.seconds)
        for row, item in enumerate(batch):
            if not item.payload.answer.done():
                item.payload.answer.set_result(
                    Scored(
                        outputs={name: values[row] for name, values in ran.outputs.items()},
                        batch_size=len(batch),
                        queue_ms=(ran.started - item.added) * 1000,
                        infer_ms=ran.seconds * 1000,
                    )
                )

    def _outputs(self, batch: list[Item[_Request]], device: int) -> Arrays:
        """Run the batch, on a worker thread: copying its rows would hold up the event loop."""
        rows = self._limits.bucket(len(batch))
        outputs = self._model.run_items([item.payload.inputs for item in batch], rows, device)
        check(outputs, rows, len(batch))
        return outputs

    def _refuse(self, dropped: list[Dropped[_Request]]) -> None:
        for drop in dropped:
            self._observer.dropped(self.name, drop.reason, 1)
            self._fail([drop.item], NotRunError(drop.reason))

    @staticmethod
    def _fail(items: list[Item[_Request]], error: ScoringError) -> None:
        for item in items:
            if not item.payload.answer.done():
                item.payload.answer.set_exception(error)


def check(outputs: Arrays, rows: int, used: int) -> None:
    """Raise ValueError unless every output has ``rows`` rows, finite in the first ``used``.

    The rows behind are padding, on which a model may divide by zero.
    """
    for name, values in outputs.items():
        if len(values) != rows:
            raise ValueError(f"output {name} has {len(values)} rows, the batch has {rows}")
        if not np.isfinite(values[:used]).all():
            raise ValueError(f"output {name} has values that are not finite")
