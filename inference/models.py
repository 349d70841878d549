"""A model on its devices: hash, shapes, warm-up and parity checked against its card."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from esapr.inference.cards import Arrays, ModelCard, ModelError
from esapr.inference.devices import (
    CPU,
    CPU_PROVIDER,
    PROVIDERS,
    Device,
    GpuOptions,
    providers,
)
from esapr.inference.sessions import RUN_ERRORS, Session, SessionError, open_session

FLOAT16_BOUND = 0.02
"""How far half precision may be from the reference at least, as a share of its largest value."""

RUNS_TO_WARM_UP = 3
"""Runs of a batch size: two until all memory is allocated, and one that a CUDA graph records."""


class ShapeMismatchError(ModelError):
    """The graph's inputs or outputs differ from the card's."""


class ParityError(ModelError):
    """The graph does not reproduce the reference outputs stored beside it."""


class Model:
    """One ONNX Runtime session a device."""

    def __init__(
        self,
        card: ModelCard,
        *,
        threads: int = 1,
        devices: Sequence[Device] = (CPU,),
        gpu: GpuOptions = GpuOptions(),  # noqa: B008  # frozen
    ) -> None:
        """Load the graph on each device, with ``threads`` intra-op threads.

        A model that half precision takes too far from its reference is loaded in single precision.

        Raises:
            HashMismatchError: the file is not the one on the card.
            RuntimeConflictError: two builds of ONNX Runtime are installed.
            SessionError: the runtime refuses the graph.
        """
        self.card = card
        self._wanted = devices
        self._threads = threads
        self._gpu = gpu
        self._warm: set[int] = set()
        self._sessions = [self._open(device) for device in devices]
        if gpu.float16 and not self._close_enough():
            self._gpu = replace(gpu, float16=False)
            self._sessions = [self._open(device) for device in devices]

    def _open(self, device: Device) -> Session:
        card = self.card
        return open_session(card.graph(), card, device, self._gpu, threads=self._threads)

    @property
    def provider(self) -> str:
        """The execution provider in use on the first device."""
        return self._sessions[0].provider

    @property
    def devices(self) -> list[Device]:
        """The devices in use: one that cannot be used leaves the processor."""
        return [
            CPU if session.provider == CPU_PROVIDER != PROVIDERS[device.kind] else device
            for device, session in zip(self._wanted, self._sessions, strict=True)
        ]

    @property
    def fell_back(self) -> bool:
        """Whether a device, or its library, could not be used."""
        return any(
            session.provider != providers(self.card, device, self._gpu, graphs=False)[0][0]
            for device, session in zip(self._wanted, self._sessions, strict=True)
        )

    @property
    def float16(self) -> bool:
        """Whether half precision was asked for and is close enough to the reference."""
        return self._gpu.float16

    def inputs(self, rows: int, device: int = 0) -> Arrays | None:
        """Return the arrays that the device reads ``rows`` rows from; None: it takes any arrays.

        They hold an earlier batch, and belong to the thread that serves the device.
        """
        return self._sessions[device].inputs(rows)

    def run(self, batch: Arrays, device: int = 0) -> Arrays:
        """Run one batch on the device of that index and return every output by name."""
        return self._sessions[device].run(batch)

    def warm_up(self, device: int = 0) -> None:
        """Run every batch bucket on zeros, so that no live request pays for a first run.

        Call it on the thread that is going to use the device: CUDA graphs belong to a thread.
        """
        if device in self._warm:
            return
        runs = RUNS_TO_WARM_UP if self._wanted[device].bound else 1
        for size in self.card.batch.buckets:
            for _ in range(runs):
                self.run(self.zeros(size), device)
        self._warm.add(device)

    def reopen(self, device: int) -> None:
        """Replace the session of a device that failed, and warm it up.

        Raises:
            ModelError: the device cannot be used.
        """
        self._sessions[device] = self._open(self._wanted[device])
        self._warm.discard(device)
        try:
            self.warm_up(device)
        except RUN_ERRORS as error:
            raise SessionError(f"{self.card.name}: {error}") from error

    def verify(self) -> float:
        """Check shapes against the card and outputs against ``parity.npz``.

        Returns:
            The largest absolute difference from the reference outputs.

        Raises:
            ShapeMismatchError: inputs or outputs differ from the card.
            ParityError: the difference exceeds the card's tolerance.
        """
        self._verify_shapes()
        worst = max(self._differences().values())
        if not worst <= self.card.parity_tolerance:
            raise ParityError(
                f"{self.card.name}: outputs differ from the reference by {worst:.2e}, "
                f"tolerance {self.card.parity_tolerance:.0e}"
            )
        return worst

    def _differences(self) -> dict[str, float]:
        """Return the largest absolute difference of each output from the reference."""
        inputs, expected = self._parity_case
        actual = self.run(inputs)
        return {name: float(np.max(np.abs(actual[name] - expected[name]))) for name in expected}

    def _close_enough(self) -> bool:
        _, expected = self._parity_case
        tolerance = self.card.parity_tolerance
        return all(
            difference <= max(tolerance, FLOAT16_BOUND * float(np.max(np.abs(expected[name]))))
            for name, difference in self._differences().items()
        )

    def _verify_shapes(self) -> None:
        nodes = self._sessions[0].shapes
        found = [(name, len(shape), _fixed(shape)) for name, shape in nodes]
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
