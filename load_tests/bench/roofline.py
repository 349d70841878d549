"""The roofline (Williams et al. 2009): what a model computes and moves, and what its device can.

Operations are those of convolutions, matrix products and LSTMs, two for each multiply-add, counted
from the shapes that ONNX Runtime's profiler reports for one batch on the processor. Bytes are what
every node reads and writes, fused as it runs, as if nothing stayed in a cache, and the weights once
a batch. So a share above 1 is possible: of the memory roof by caches, of the compute roof by int8
arithmetic.

One core of the processor by its own time, which other load disturbs least, or one GPU by wall time.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime as ort

from esapr.inference.cards import Arrays
from esapr.inference.devices import CPU_PROVIDER, CUDA_PROVIDER, Device, DeviceKind, Provider
from esapr.load_tests.bench.one_node import one_node
from esapr.load_tests.bench.raw import Load, seconds_a_call

ITEMS_A_SECOND: Mapping[str, float] = {
    "face_detector": 1.0,
    "face_landmarks": 5.0,
    "face_expression": 5.0,
    "eye_iris": 1.0,
    "voice_activity": 1.0,
    "voice_expression": 1.0,
    "text_expression": 0.1,
    # A chunk of 160 words, written at forty a minute.
    "text_personality": 0.004,
}
"""What one session asks of each model with the default settings, talking all the time."""

MATRIX = {DeviceKind.CPU: 768, DeviceKind.CUDA: 8192, DeviceKind.TENSORRT: 8192}
"""Rows of the square matrices whose product is the peak."""

COPIED = {DeviceKind.CPU: 2**24, DeviceKind.CUDA: 2**28, DeviceKind.TENSORRT: 2**28}
"""Numbers in the array whose negation is the peak of memory: larger than any cache."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one item costs in a batch of some size."""

    operations: float
    moved_bytes: float

    @property
    def intensity(self) -> float:
        """Operations a byte."""
        return self.operations / self.moved_bytes


@dataclass(frozen=True, slots=True)
class Peaks:
    """What a device does at best, measured: operations and bytes a second, in float32."""

    operations_s: float
    bytes_s: float

    def roof(self, work: Work) -> float:
        """Return the operations a second that ``work`` can reach."""
        return min(self.operations_s, work.intensity * self.bytes_s)


@dataclass(frozen=True, slots=True)
class Point:
    """One model under its roof; ``sessions`` if it had the device to itself."""

    intensity: float
    gflop_s: float
    roof_gflop_s: float
    share: float
    sessions: float


def point(work: Work, items_s: float, peaks: Peaks, items_a_second: float) -> Point:
    """Return where ``items_s`` items a second lie."""
    attained, roof = items_s * work.operations, peaks.roof(work)
    return Point(
        intensity=work.intensity,
        gflop_s=attained / 1e9,
        roof_gflop_s=roof / 1e9,
        share=attained / roof,
        sessions=items_s / items_a_second,
    )


@dataclass(frozen=True, slots=True)
class Roofline:
    """Every model under the roof of one device: a core of the processor, or a GPU."""

    peaks: Peaks
    points: Mapping[str, Point]

    @property
    def sessions(self) -> float:
        """How many sessions the device feeds if these models share it."""
        return 1 / sum(1 / point.sessions for point in self.points.values())


def under_roof(loads: Mapping[str, Load], sizes: Mapping[str, int], seconds: float) -> Roofline:
    """Measure the peaks of one device and place each model under them, in batches of ``sizes``."""
    device = next(iter(loads.values())).model.devices[0]
    clock = time.thread_time if device.kind is DeviceKind.CPU else time.perf_counter
    peaks = measure_peaks(device, seconds=seconds, clock=clock)
    points = {}
    for name, load in loads.items():
        run = partial(load.model.run, load.batch(sizes[name]))
        items_s = sizes[name] / seconds_a_call(run, seconds=seconds, clock=clock)
        points[name] = point(work_of(load, sizes[name]), items_s, peaks, ITEMS_A_SECOND[name])
    return Roofline(peaks, points)


def work_of(load: Load, size: int) -> Work:
    """Count what one item of a batch of ``size`` costs."""
    path = load.model.card.path
    # Passes after BASIC fuse arithmetic into nodes of other names; those after EXTENDED pad shapes.
    level = ort.GraphOptimizationLevel
    operations = 2 * sum(map(multiply_adds, _nodes(load, size, level.ORT_ENABLE_BASIC)))
    nodes = _nodes(load, size, level.ORT_ENABLE_EXTENDED)
    moved = sum(int(node["activation_size"]) + int(node["output_size"]) for node in nodes)
    return Work(operations / size, (moved + path.stat().st_size) / size)


def _nodes(load: Load, size: int, level: ort.GraphOptimizationLevel) -> list[dict[str, Any]]:
    """Return what the profiler says of each node in one batch on the processor."""
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.enable_profiling = True
    with TemporaryDirectory() as folder:
        options.profile_file_prefix = f"{folder}/profile"
        session = ort.InferenceSession(load.model.card.path, options, providers=[CPU_PROVIDER])
        session.run(None, load.batch(size))
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return [event["args"] for event in events if event["name"].endswith("_kernel_time")]


def multiply_adds(node: Mapping[str, Any]) -> int:
    """Return the multiply-adds of a node that the profiler has seen."""
    inputs: list[list[int]] = [next(iter(shape.values())) for shape in node["input_type_shape"]]
    outputs: list[list[int]] = [next(iter(shape.values())) for shape in node["output_type_shape"]]
    match node["op_name"]:
        case "Conv":
            each = prod(inputs[1][1:])
        case "MatMul" | "Gemm" | "MatMulNBits" | "MatMulInteger":
            each = inputs[0][-1]
        case "LSTM":
            each = 4 * (inputs[0][-1] + outputs[0][-1])
        case _:
            each = 0
    return each * prod(outputs[0])


def measure_peaks(device: Device, *, seconds: float, clock: Callable[[], float]) -> Peaks:
    """Time a product of large matrices, and the negation of a large array, on the device."""
    rows, count = MATRIX[device.kind], COPIED[device.kind]
    square = np.ones((rows, rows), np.float32)
    long = np.ones(count, np.float32)
    product = _resident("MatMul", {"a": square, "b": square}, device)
    copy = _resident("Neg", {"a": long}, device)
    return Peaks(
        operations_s=2 * rows**3 / seconds_a_call(product, seconds=seconds, clock=clock),
        bytes_s=2 * long.nbytes / seconds_a_call(copy, seconds=seconds, clock=clock),
    )


def _resident(operator: str, inputs: Arrays, device: Device) -> Callable[[], None]:
    """Return a call that runs one operator on inputs and an output that lie on the device."""
    name = "cpu"
    providers: list[Provider] = [(CPU_PROVIDER, {})]
    if device.kind is not DeviceKind.CPU:
        name, providers = "cuda", [(CUDA_PROVIDER, {"device_id": f"{device.number}"})]
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(one_node(operator, inputs), options, providers=providers)
    binding = session.io_binding()
    values = {
        key: ort.OrtValue.ortvalue_from_numpy(array, name, device.number)
        for key, array in inputs.items()
    }
    shape = next(iter(inputs.values())).shape
    for key, value in values.items():
        binding.bind_ortvalue_input(key, value)
    binding.bind_ortvalue_output(
        "y", ort.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, name, device.number)
    )
    return lambda: session.run_with_iobinding(binding)
