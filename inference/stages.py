"""What a worker does with a batch: any items in, one value for each out.

A stage runs whole on a worker thread, so that the event loop moves nothing but futures: it fills
the input arrays of its networks, runs them and does its arithmetic on all rows at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, Protocol, TypeVar

import numpy as np

from esapr.inference.batching import BatchLimits
from esapr.inference.cards import Arrays
from esapr.inference.rows import blank, clear, fill, longest, of_like_length

Value_co = TypeVar("Value_co", covariant=True)
Item_contra = TypeVar("Item_contra", contravariant=True)


class BatchModel(Protocol):
    """What a network is made of: :class:`esapr.inference.models.Model` in production."""

    def inputs(self, rows: int, device: int) -> Arrays | None:
        """Return the device's own arrays for ``rows`` rows, or None if it takes any.

        They hold an earlier batch. The caller has the device to itself until its batch has run.
        """

    def run(self, batch: Arrays, device: int) -> Arrays:
        """Run one batch on a device: dimension 0 of every array is the batch."""


@dataclass(frozen=True, slots=True)
class Run:
    """A batch of a model: the items in it, the rows that ran for them and the seconds it took."""

    model: str
    size: int
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Answers(Generic[Value_co]):
    """One value an item, in the order of the items, and which models ran for them."""

    values: Sequence[Value_co]
    runs: Sequence[Run]


class Stage(Protocol[Item_contra, Value_co]):
    """A step of the pipeline that is batched across sessions."""

    @property
    def name(self) -> str:
        """The model that items wait for, as metrics call it."""

    @property
    def limits(self) -> BatchLimits:
        """How items are batched."""

    def run(self, items: Sequence[Item_contra], device: int) -> Answers[Value_co]:
        """Answer at most ``limits.max_size`` items; blocks, on a thread that serves ``device``."""


@dataclass(frozen=True, slots=True)
class Network:
    """A model under its name, with the batch sizes that are warmed."""

    name: str
    model: BatchModel
    limits: BatchLimits

    def inputs(self, like: Arrays, items: int, device: int) -> Arrays:
        """Return arrays into whose first rows ``items`` items are to be written, for :meth:`run`.

        Rows have the shapes and types of those in ``like``. A device with fixed buffers has zeros
        behind them, up to a size that is warmed; any other runs just the items.
        """
        buffers = self.model.inputs(self.limits.bucket(items), device)
        if buffers is None:
            return blank(like, items)
        clear(buffers, items)
        return buffers

    def run(self, batch: Arrays, used: int, device: int) -> tuple[Arrays, Run]:
        """Run a batch whose first ``used`` rows are items; return these rows of every output.

        Raises:
            ValueError: an output has another number of rows, or a value that is not finite.
        """
        rows = len(next(iter(batch.values())))
        began = perf_counter()
        outputs = self.model.run(batch, device)
        seconds = perf_counter() - began
        check(outputs, rows, used)
        kept = {name: values[:used] for name, values in outputs.items()}
        return kept, Run(self.name, used, rows, seconds)


@dataclass(frozen=True, slots=True)
class Rows:
    """The plain stage: named arrays without a batch dimension, in and out.

    Arrays whose first dimension differs between items of a batch are padded with zeros; items of
    like length run together.
    """

    network: Network

    @property
    def name(self) -> str:
        """The model's name."""
        return self.network.name

    @property
    def limits(self) -> BatchLimits:
        """The model's own."""
        return self.network.limits

    def run(self, items: Sequence[Arrays], device: int) -> Answers[Arrays]:
        """Stack the items, run the model and take the outputs apart.

        However many lengths there are, the batch counts as one run.
        """
        values: list[Arrays] = [{}] * len(items)
        rows, seconds = 0, 0.0
        for numbers in of_like_length(items):
            group = [items[number] for number in numbers]
            batch = self.network.inputs(longest(group), len(group), device)
            fill(batch, group)
            outputs, run = self.network.run(batch, len(group), device)
            rows, seconds = rows + run.rows, seconds + run.seconds
            for number, row in zip(numbers, zip(*outputs.values(), strict=True), strict=True):
                values[number] = dict(zip(outputs, row, strict=True))
        return Answers(values, (Run(self.name, len(items), rows, seconds),))


def check(outputs: Arrays, rows: int, used: int) -> None:
    """Raise ValueError unless every output has ``rows`` rows, finite in the first ``used``.

    The rows behind are padding, on which a model may divide by zero.
    """
    for name, values in outputs.items():
        if len(values) != rows:
            raise ValueError(f"output {name} has {len(values)} rows, the batch has {rows}")
        if not np.isfinite(values[:used]).all():
            raise ValueError(f"output {name} has values that are not finite")
