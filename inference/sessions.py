"""ONNX Runtime sessions on devices: the only file that imports onnxruntime.

A processor runs batches of any shape on any thread. A GPU is fed from fixed buffers, one set a
batch size, because a CUDA graph replays the addresses that it was captured with; one thread uses
its sessions, since a captured graph belongs to the thread that captured it
(https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html).
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import distributions
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import EPFail, Fail, RuntimeException

from esapr.inference.cards import Arrays, ModelCard, ModelError, TensorSpec
from esapr.inference.devices import (
    CPU_PROVIDER,
    CUDA_PROVIDER,
    PROVIDERS,
    Device,
    DeviceKind,
    GpuOptions,
    Provider,
    providers,
)
from esapr.inference.rows import clear

RUN_ERRORS = (Fail, EPFail, RuntimeException)
"""What a session raises when its device fails."""


class RuntimeConflictError(ModelError):
    """Two builds of ONNX Runtime are installed; they have overwritten each other's files."""


class SessionError(ModelError):
    """ONNX Runtime cannot open a graph on its device."""


def available_providers() -> list[str]:
    """Return the execution providers of the installed build."""
    names: list[str] = ort.get_available_providers()
    return names


class Session:
    """One graph on one device. Runs batches of any shape, on any thread."""

    def __init__(self, session: ort.InferenceSession, card: ModelCard) -> None:
        """Wrap ``session``."""
        self._session = session
        self._most = card.cpu_rows
        self._outputs = [spec.name for spec in card.outputs]

    @property
    def provider(self) -> str:
        """The execution provider in use: a device that cannot be used leaves the processor."""
        name: str = self._session.get_providers()[0]
        return name

    @property
    def shapes(self) -> list[tuple[str, list[int | str | None]]]:
        """Name and shape of every input, then of every output."""
        nodes = (*self._session.get_inputs(), *self._session.get_outputs())
        return [(node.name, node.shape) for node in nodes]

    def inputs(self, rows: int) -> Arrays | None:
        """Return the arrays that a batch of ``rows`` rows is to be written into; None: any."""
        return None

    def run(self, batch: Arrays) -> Arrays:
        """Run one batch, :attr:`ModelCard.cpu_rows` at a time, and return every output by name."""
        rows = len(next(iter(batch.values())))
        most = self._most or rows
        if rows <= most:
            return self._run(batch)
        parts = [
            self._run({name: values[first : first + most] for name, values in batch.items()})
            for first in range(0, rows, most)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in self._outputs}

    def _run(self, batch: Arrays) -> Arrays:
        values = self._session.run(self._outputs, batch)
        return dict(zip(self._outputs, values, strict=True))


class ChangedSession(Session):
    """A graph on one thread of the processor, with other values of some of its constants."""

    def __init__(self, card: ModelCard, constants: Arrays) -> None:
        """Load the card's graph with ``constants``, by name, in place of its own.

        Raises:
            HashMismatchError: the file is not the one on the card.
            SessionError: the runtime refuses the graph.
        """
        # The runtime reads these arrays as long as the session lives, and does not keep them.
        self._constants = {
            name: ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(value))
            for name, value in constants.items()
        }
        options = _options(threads=1)
        for name, value in self._constants.items():
            options.add_initializer(name, value)
        _share_one_arena()
        try:
            opened = ort.InferenceSession(card.graph(), options, providers=[CPU_PROVIDER])
        except RUN_ERRORS as error:
            raise SessionError(f"{card.name}: {error}") from error
        super().__init__(opened, card)


class _Buffers:
    """The fixed buffers of one batch size and the binding that runs on them."""

    def __init__(
        self, session: ort.InferenceSession, card: ModelCard, device: Device, rows: int
    ) -> None:
        """Allocate inputs on the host, inputs on the device and outputs on the device."""
        self._session = session
        self._binding = session.io_binding()
        self._options = ort.RunOptions()
        # One captured graph a batch size. 0 is the runtime's own.
        self._options.add_run_config_entry("gpu_graph_id", f"{rows}")
        pinned = _pinned_memory(device)
        self._hosts = {spec.name: _allocate(spec, rows, **pinned) for spec in card.inputs}
        self.inputs: Arrays = {name: value.numpy() for name, value in self._hosts.items()}
        place = {
            "device_type": "cpu" if device.kind is DeviceKind.CPU else "cuda",
            "device_id": device.number,
        }
        self._inputs = {spec.name: _allocate(spec, rows, **place) for spec in card.inputs}
        self._outputs = {spec.name: _allocate(spec, rows, **place) for spec in card.outputs}
        for name, value in self._inputs.items():
            self._binding.bind_ortvalue_input(name, value)
        for name, value in self._outputs.items():
            self._binding.bind_ortvalue_output(name, value)

    def run(self) -> Arrays:
        """Run what :attr:`inputs` hold and return copies of the outputs."""
        for name, value in self._inputs.items():
            value.update_inplace(self.inputs[name])
        self._session.run_with_iobinding(self._binding, self._options)
        # On the processor ``numpy`` is a view, which the next run overwrites.
        return {name: value.numpy().copy() for name, value in self._outputs.items()}


def _allocate(spec: TensorSpec, rows: int, **place: Any) -> ort.OrtValue:
    shape = (rows, *spec.shape[1:])
    return ort.OrtValue.ortvalue_from_shape_and_type(shape, np.dtype(spec.dtype).type, **place)


def _pinned_memory(device: Device) -> dict[str, Any]:
    """Return where page-locked memory is allocated; nothing where the build offers none."""
    if device.kind is not DeviceKind.CPU:
        for found in ort.get_ep_devices():
            if found.ep_name == CUDA_PROVIDER:
                memory = found.memory_info(ort.OrtDeviceMemoryType.HOST_ACCESSIBLE)
                return {} if memory is None else {"memory_info": memory}
    return {}


class BoundSession(Session):
    """Runs on fixed buffers, one set a batch size: :meth:`inputs` are written into directly.

    One thread at a time has the inputs; batches that lie elsewhere may come from any thread.
    """

    def __init__(self, session: ort.InferenceSession, card: ModelCard, device: Device) -> None:
        """Allocate nothing yet: buffers come with the first batch of a size."""
        super().__init__(session, card)
        self._card = card
        self._sizes = card.batch.buckets
        self._device = device
        self._lock = Lock()
        self._buffers: dict[int, _Buffers] = {}

    def inputs(self, rows: int) -> Arrays:
        """Return the arrays that a batch of ``rows`` rows is to be written into."""
        return self._of(rows).inputs

    def run(self, batch: Arrays) -> Arrays:
        """Run one batch and return every output by name; :meth:`inputs` are not copied.

        A batch that lies elsewhere may have any size; it is padded to one that has buffers.
        """
        rows = len(next(iter(batch.values())))
        with self._lock:
            buffers = self._of(next((size for size in self._sizes if size >= rows), rows))
            if batch is not buffers.inputs:
                for name, values in batch.items():
                    buffers.inputs[name][:rows] = values
                clear(buffers.inputs, rows)
            return {name: values[:rows] for name, values in buffers.run().items()}

    def _of(self, rows: int) -> _Buffers:
        if rows not in self._buffers:
            self._buffers[rows] = _Buffers(self._session, self._card, self._device, rows)
        return self._buffers[rows]


def open_session(
    content: bytes, card: ModelCard, device: Device, gpu: GpuOptions, *, threads: int
) -> Session:
    """Load the graph ``content`` on ``device`` with ``threads`` intra-op threads.

    A device that cannot be used leaves the processor, see :attr:`Session.provider`.

    Raises:
        RuntimeConflictError: two builds of ONNX Runtime are installed.
        SessionError: the runtime refuses the graph.
    """
    _require_one_runtime()
    _share_one_arena()
    if device.kind is not DeviceKind.CPU:
        ort.preload_dlls()
    if device.kind is DeviceKind.CUDA and card.fixed_rows:
        # A CUDA graph can be captured only if every node runs on the GPU; opening says so.
        with suppress(SessionError):
            return _open(content, card, device, providers(card, device, gpu, graphs=True), threads)
    return _open(content, card, device, providers(card, device, gpu, graphs=False), threads)


def _open(
    content: bytes, card: ModelCard, device: Device, wanted: list[Provider], threads: int
) -> Session:
    try:
        session = ort.InferenceSession(content, _options(threads), providers=wanted)
    except RUN_ERRORS as error:
        raise SessionError(f"{card.name} on {device.name}: {error}") from error
    if device.bound and card.fixed_rows and session.get_providers()[0] == PROVIDERS[device.kind]:
        return BoundSession(session, card, device)
    return Session(session, card)


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads steal the core that the event loop needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = 3
    return options


@cache
def _share_one_arena() -> None:
    """Let all sessions take their memory from one arena: models seldom run all at once.

    With one of its own, each keeps what its largest batches have ever taken.
    """
    kind = ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = ort.OrtMemoryInfo("Cpu", kind, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(memory, None)


@cache
def _require_one_runtime() -> None:
    check_runtimes(dist.name for dist in distributions())


def check_runtimes(installed: Iterable[str]) -> None:
    """Check the names of installed distributions (docs/decisions/0003-gpu-extra.md).

    Raises:
        RuntimeConflictError: both ``onnxruntime`` and ``onnxruntime-gpu`` are among them.
    """
    if {"onnxruntime", "onnxruntime-gpu"} <= set(installed):
        raise RuntimeConflictError(
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other: "
            "uninstall both, then install one (make setup, or make setup EXTRA=gpu)"
        )
