"""What a worker does with a batch: any items in, one value for each out.

A stage runs whole on a worker thread, so that the event loop moves nothing but futures: it fills
the input arrays of its networks, runs them and does its arithmetic on all rows at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from esapr.inference.batching import BatchLimits
from esapr.inference.cards import Arrays

Value_co = TypeVar("Value_co", covariant=True)
Item_contra = TypeVar("Item_contra", contravariant=True)


class BatchModel(Protocol):
    """What a network is made of: :class:`esapr.inference.models.Model` in production."""

    def run(self, batch: Arrays) -> Arrays:
        """Run one batch: dimension 0 of every array is the batch."""


@dataclass(frozen=True, slots=True)
class Run:
    """One call of a model: the items that were in it and the seconds that it took."""

    model: str
    size: int
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

    def run(self, items: Sequence[Item_contra]) -> Answers[Value_co]:
        """Answer at most ``limits.max_size`` items; blocks, on any thread."""


@dataclass(frozen=True, slots=True)
class Network:
    """A model under its name, with the batch sizes that are warmed."""

    name: str
    model: BatchModel
    limits: BatchLimits

    def run(self, batch: Arrays, used: int) -> tuple[Arrays, Run]:
        """Run a batch whose first ``used`` rows are items; return these rows of every output.

        Raises:
            ValueError: an output has another number of rows, or a value that is not finite.
        """
        rows = len(next(iter(batch.values())))
        began = perf_counter()
        outputs = self.model.run(batch)
        seconds = perf_counter() - began
        check(outputs, rows, used)
        kept = {name: values[:used] for name, values in outputs.items()}
        return kept, Run(self.name, used, seconds)


@dataclass(frozen=True, slots=True)
class Rows:
    """The plain stage: named arrays without a batch dimension, in and out.

    Arrays whose first dimension differs between items of a batch are padded with zeros.
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

    def run(self, items: Sequence[Arrays]) -> Answers[Arrays]:
        """Stack the items, run the model and take the outputs apart."""
        batch = stack(items, self.limits.bucket(len(items)))
        outputs, run = self.network.run(batch, len(items))
        rows = zip(*outputs.values(), strict=True)
        return Answers([dict(zip(outputs, row, strict=True)) for row in rows], (run,))


def stack(items: Sequence[Arrays], rows: int) -> Arrays:
    """Stack items into arrays of ``rows`` rows; missing rows and short items are zeros."""
    return {name: _stack([item[name] for item in items], rows) for name in items[0]}


def _stack(arrays: list[NDArray[Any]], rows: int) -> NDArray[Any]:
    longest = max(arrays, key=len)
    batch = np.zeros((rows, *longest.shape), longest.dtype)
    for row, array in enumerate(arrays):
        batch[row, : len(array)] = array
    return batch


def check(outputs: Arrays, rows: int, used: int) -> None:
    """Raise ValueError unless every output has ``rows`` rows, finite in the first ``used``.

    The rows behind are padding, on which a model may divide by zero.
    """
    for name, values in outputs.items():
        if len(values) != rows:
            raise ValueError(f"output {name} has {len(values)} rows, the batch has {rows}")
        if not np.isfinite(values[:used]).all():
            raise ValueError(f"output {name} has values that are not finite")
