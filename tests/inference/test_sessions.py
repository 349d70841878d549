"""Sessions fed from fixed buffers answer what plain sessions answer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np
import onnxruntime as ort
import pytest

from esapr import models_onnx
from esapr.inference.cards import Arrays, ModelCard
from esapr.inference.devices import Device
from esapr.inference.models import Model
from esapr.inference.rows import clear, fill, longest, stack
from esapr.inference.sessions import Session
from esapr.inference.stages import Network

NAMES = sorted(models_onnx.folders())


@cache
def plain(name: str) -> Model:
    return Model(ModelCard.read(models_onnx.folders()[name]))


@cache
def bound(name: str) -> Model:
    """The same code that feeds a GPU, on the processor."""
    return Model(ModelCard.read(models_onnx.folders()[name]), devices=[Device(bound=True)])


def items(model: Model, count: int) -> list[Arrays]:
    """Return ``count`` different items: rows of the parity case, rolled along the row."""
    with np.load(model.card.folder / "parity.npz") as stored:
        inputs = {spec.name: stored[f"in_{spec.name}"] for spec in model.card.inputs}
    rows = len(next(iter(inputs.values())))
    return [
        {name: np.roll(values[n % rows], n // rows, axis=0) for name, values in inputs.items()}
        for n in range(count)
    ]


def asked(model: Model, few: list[Arrays], rows: int) -> Arrays:
    """Run items as a batch of ``rows`` rows, written where a stage writes them."""
    network = Network(model.card.name, model, replace(model.card.batch, buckets=(rows,)))
    batch = network.inputs(longest(few), len(few), device=0)
    fill(batch, few)
    return model.run(batch)


def assert_same(actual: Arrays, expected: Arrays) -> None:
    assert actual.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(actual[name], values)


@pytest.mark.parametrize("name", NAMES)
def test_every_bucket_of_every_model(name: str) -> None:
    for size in plain(name).card.batch.buckets:
        full = items(plain(name), size)
        assert_same(asked(bound(name), full, size), plain(name).run(stack(full, size)))


@pytest.mark.parametrize("name", NAMES)
def test_a_short_batch_after_a_full_one_is_padded_with_zeros(name: str) -> None:
    size = plain(name).card.batch.max_size
    many = items(plain(name), size)
    asked(bound(name), many, size)

    few = many[1 : size - 1]
    answer = asked(bound(name), few, size)
    used = {output: values[: len(few)] for output, values in answer.items()}
    assert_same(used, plain(name).run(stack(few, len(few))))


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_any_size_that_lies_elsewhere_is_padded_too(name: str) -> None:
    three = stack(items(plain(name), 3), 3)

    assert_same(bound(name).run(three), plain(name).run(three))


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_outlives_the_next_batch(name: str) -> None:
    first, second = items(plain(name), 2)
    answer = asked(bound(name), [first], 1)
    asked(bound(name), [second], 1)

    assert_same(answer, plain(name).run(stack([first], 1)))


@pytest.mark.parametrize("name", NAMES)
def test_callers_on_many_threads_each_get_their_own_answer(name: str) -> None:
    each = items(plain(name), 6)
    together = threading.Barrier(3)

    def ask(n: int) -> Arrays:
        together.wait(timeout=20)
        return bound(name).run(stack([each[n]], 1))

    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(ask, range(6)))
    for item, answer in zip(each, answers, strict=True):
        assert_same(answer, plain(name).run(stack([item], 1)))


def test_a_model_of_variable_rows_takes_any_length() -> None:
    model = bound("text_expression")
    for tokens in (3, 17, 5):
        item = {spec.name: np.ones(tokens, spec.dtype) for spec in model.card.inputs}
        assert asked(model, [item], 2)["logits"].shape == (1, 7)


@pytest.mark.parametrize("name", NAMES)
def test_fixed_rows_are_written_in_place(name: str) -> None:
    model = bound(name)

    assert (model.inputs(2) is not None) == model.card.fixed_rows
    assert model.inputs(2) is model.inputs(2)
    assert plain(name).inputs(2) is None


def test_filling_clears_what_the_last_batch_left() -> None:
    batch = {"x": np.full((3, 2), 9, np.float32)}

    clear(batch, 2)
    fill(batch, [{"x": np.array([1], np.float32)}, {"x": np.array([2, 3], np.float32)}])

    assert batch["x"].tolist() == [[1, 0], [2, 3], [0, 0]]


@pytest.mark.parametrize("name", ["face_detector", "face_landmarks"])
@pytest.mark.parametrize("rows", [3, 4, 11])
def test_slices_of_a_batch_answer_what_the_batch_would(name: str, rows: int) -> None:
    card = plain(name).card
    whole = Model(replace(card, cpu_rows=None))
    batch = stack(items(whole, rows), rows)

    sliced = plain(name).run(batch)

    for output, values in whole.run(batch).items():
        np.testing.assert_allclose(sliced[output], values, rtol=1e-4, atol=1e-4)


class Counted:
    """A session of the runtime that remembers how many rows it was given."""

    def __init__(self, name: str) -> None:
        self.rows: list[int] = []
        self._session = ort.InferenceSession(plain(name).card.path)

    def run(self, outputs: list[str], batch: Arrays) -> list[np.ndarray]:
        self.rows.append(len(batch["image"]))
        values: list[np.ndarray] = self._session.run(outputs, batch)
        return values


@pytest.mark.parametrize(("cpu_rows", "runs"), [(4, [4, 4, 3]), (None, [11])])
def test_a_processor_runs_as_many_rows_at_a_time_as_the_card_says(
    cpu_rows: int | None, runs: list[int]
) -> None:
    name = "face_detector"
    counted = Counted(name)

    answer = Session(counted, replace(plain(name).card, cpu_rows=cpu_rows)).run(
        plain(name).zeros(11)
    )

    assert counted.rows == runs
    assert answer["boxes"].shape == (11, 896, 16)


def test_a_device_with_fixed_buffers_runs_a_batch_at_once() -> None:
    name = "face_landmarks"
    whole = Model(replace(plain(name).card, cpu_rows=None))
    many = items(whole, 16)

    assert_same(asked(bound(name), many, 16), whole.run(stack(many, 16)))
