"""A model on its device: hash, shapes, warm-up and parity checked against its card."""

import hashlib
from functools import cached_property
from typing import Any

import numpy as np

from esapr.inference.cards import Arrays, ModelCard, ModelError
from esapr.inference.devices import open_session


class HashMismatchError(ModelError):
    """``model.onnx`` is not the file that the card describes."""


class ShapeMismatchError(ModelError):
    """The graph's inputs or outputs differ from the card's."""


class ParityError(ModelError):
    """The graph does not reproduce the reference outputs stored beside it."""


class Model:
    """One ONNX Runtime session on one device. ``run`` may be called from any thread."""

    def __init__(self, card: ModelCard, *, threads: int = 1) -> None:
        """Load the graph with ``threads`` intra-op threads.

        Raises:
            HashMismatchError: the file is not the one on the card.
            RuntimeConflictError: two builds of ONNX Runtime are installed.
        """
        content = card.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != card.sha256:
            raise HashMismatchError(f"{card.name}: model.onnx does not match the card's sha256")
        self.card = card
        self._session = open_session(content, threads=threads)
        self._outputs = [spec.name for spec in card.outputs]
        self._warm = False

    @property
    def provider(self) -> str:
        """The execution provider in use: a device that cannot be used leaves the CPU."""
        name: str = self._session.get_providers()[0]
        return name

    def run(self, batch: Arrays) -> Arrays:
        """Run one batch and return every output by name."""
        values = self._session.run(self._outputs, batch)
        return dict(zip(self._outputs, values, strict=True))

    def warm_up(self) -> None:
        """Run every batch bucket once on zeros, so that no live request pays for a first run."""
        if not self._warm:
            for size in self.card.batch.buckets:
                self.run(self.zeros(size))
            self._warm = True

    def verify(self) -> float:
        """Check shapes against the card and outputs against ``parity.npz``.

        Returns:
            The largest absolute difference from the reference outputs.

        Raises:
            ShapeMismatchError: inputs or outputs differ from the card.
            ParityError: the difference exceeds the card's tolerance.
        """
        self._verify_shapes()
        inputs, expected = self._parity_case
        actual = self.run(inputs)
        worst = max(float(np.max(np.abs(actual[name] - expected[name]))) for name in expected)
        if not worst <= self.card.parity_tolerance:
            raise ParityError(
                f"{self.card.name}: outputs differ from the reference by {worst:.2e}, "
                f"tolerance {self.card.parity_tolerance:.0e}"
            )
        return worst

    def _verify_shapes(self) -> None:
        graph = (*self._session.get_inputs(), *self._session.get_outputs())
        found = [(node.name, len(node.shape), _fixed(node.shape)) for node in graph]
        specs = (*self.card.inputs, *self.card.outputs)
        wanted = [(spec.name, len(spec.shape), _fixed(spec.shape)) for spec in specs]
        if found != wanted:
            raise ShapeMismatchError(f"{self.card.name}: graph has {found}, card says {wanted}")

    @cached_property
    def _parity_case(self) -> tuple[Arrays, Arrays]:
        with np.load(self.card.folder / "parity.npz") as stored:
            arrays = {key: stored[key] for key in stored.files}
        inputs = {spec.name: arrays[f"in_{spec.name}"] for spec in self.card.inputs}
        expected = {spec.name: arrays[f"out_{spec.name}"] for spec in self.card.outputs}
        return inputs, expected

    def zeros(self, size: int) -> Arrays:
        """Return a batch of ``size`` rows of zeros; free dimensions are 8."""
        return {
            spec.name: np.zeros(
                (size, *(d if isinstance(d, int) else 8 for d in spec.shape[1:])), spec.dtype
            )
            for spec in self.card.inputs
        }


def _fixed(shape: Any) -> tuple[int | None, ...]:
    return tuple(d if isinstance(d, int) else None for d in shape)
