"""Counting operations and bytes, and the roof above them."""

import time

import numpy as np
import onnxruntime as ort
import pytest

from esapr.inference.devices import CPU
from esapr.load_tests.bench.one_node import one_node
from esapr.load_tests.bench.raw import loads
from esapr.load_tests.bench.roofline import (
    ITEMS_A_SECOND,
    Peaks,
    Roofline,
    Work,
    measure_peaks,
    multiply_adds,
    point,
    under_roof,
    work_of,
)
from esapr.models_onnx import folders


def node(op: str, inputs: list[list[int]], output: list[int]) -> dict[str, object]:
    return {
        "op_name": op,
        "input_type_shape": [{"float": shape} for shape in inputs],
        "output_type_shape": [{"float": output}],
    }


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (node("Conv", [[1, 3, 8, 8], [16, 3, 5, 5]], [1, 16, 8, 8]), 16 * 8 * 8 * 3 * 5 * 5),
        (node("Conv", [[1, 16, 8, 8], [16, 1, 3, 3]], [1, 16, 8, 8]), 16 * 8 * 8 * 3 * 3),
        (node("MatMul", [[2, 5, 7], [7, 3]], [2, 5, 3]), 2 * 5 * 7 * 3),
        (node("LSTM", [[9, 1, 128]], [9, 1, 1, 64]), 9 * 4 * 64 * (128 + 64)),
        (node("Relu", [[1, 16]], [1, 16]), 0),
    ],
)
def test_multiply_adds_follow_from_the_shapes(seen: dict[str, object], expected: int) -> None:
    assert multiply_adds(seen) == expected


def test_operations_of_an_item_do_not_depend_on_its_batch_and_weights_are_shared() -> None:
    load = loads(["face_expression"])["face_expression"]

    one, four = work_of(load, 1), work_of(load, 4)

    assert four.operations == pytest.approx(one.operations)
    assert one.moved_bytes - four.moved_bytes == pytest.approx(
        load.model.card.path.stat().st_size * 3 / 4
    )


def test_a_roof_is_the_lower_of_memory_and_arithmetic() -> None:
    peaks = Peaks(operations_s=100e9, bytes_s=10e9)
    thin, dense = Work(2e9, 1e9), Work(50e9, 1e9)

    assert peaks.roof(thin) == 20e9
    assert peaks.roof(dense) == 100e9
    assert point(thin, items_s=5, peaks=peaks, items_a_second=0.5).share == 0.5


def test_models_share_the_device() -> None:
    peaks, work = Peaks(1e9, 1e9), Work(1e6, 1e6)
    points = {
        "a": point(work, 10, peaks, items_a_second=1),
        "b": point(work, 50, peaks, items_a_second=5),
    }

    assert Roofline(peaks, points).sessions == pytest.approx(5)


def test_every_model_is_placed_under_the_roof() -> None:
    assert ITEMS_A_SECOND.keys() == folders().keys()

    found = under_roof(loads(["face_detector"]), {"face_detector": 2}, seconds=0.05)

    assert found.points["face_detector"].gflop_s > 0
    assert found.sessions == pytest.approx(found.points["face_detector"].sessions)


def test_peaks_are_positive() -> None:
    peaks = measure_peaks(CPU, seconds=0.05, clock=time.thread_time)

    assert peaks.operations_s > peaks.bytes_s > 0


def test_one_node_is_a_graph_that_the_runtime_runs() -> None:
    session = ort.InferenceSession(one_node("MatMul", ["a", "b"]))
    a, b = np.ones((2, 3), np.float32), np.full((3, 4), 2, np.float32)

    (y,) = session.run(None, {"a": a, "b": b})

    assert y.tolist() == [[6.0] * 4] * 2
