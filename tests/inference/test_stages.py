"""What a worker makes of a batch: rows stacked, outputs checked and taken apart."""

import numpy as np
import pytest

from esapr.inference.rows import stack
from esapr.inference.stages import Network, Rows, check
from tests.inference.batch_models import LIMITS, Doubler, one


def test_each_item_gets_its_own_row_and_the_run_is_told() -> None:
    answers = Rows(Network("doubler", Doubler(), LIMITS)).run([one(1), one(2), one(3)], 0)

    assert [value["y"].tolist() for value in answers.values] == [[2], [4], [6]]
    (run,) = answers.runs
    assert (run.model, run.size, run.rows) == ("doubler", 3, 3)
    assert run.seconds >= 0


def test_items_of_like_length_run_together_and_each_gets_its_own_answer() -> None:
    model = Doubler()
    lengths = (3, 30, 5, 8, 27, 9)
    items = [{"x": np.full(length, number, np.float32)} for number, length in enumerate(lengths)]

    answers = Rows(Network("doubler", model, LIMITS)).run(items, 0)

    assert [batch["x"].shape for batch in model.ran] == [(3, 8), (2, 30), (1, 9)]
    assert [(run.size, run.rows) for run in answers.runs] == [(6, 6)]
    for number, (value, length) in enumerate(zip(answers.values, lengths, strict=True)):
        assert value["y"][:length].tolist() == [2 * number] * length
        assert not value["y"][length:].any()


def test_a_network_keeps_the_padding_to_itself() -> None:
    model = Doubler()
    outputs, _ = Network("doubler", model, LIMITS).run(stack([one(1)], rows=4), used=1, device=0)

    assert len(model.ran[0]["x"]) == 4
    assert outputs["y"].tolist() == [[2]]


def test_a_model_may_divide_by_zero_on_padding() -> None:
    check({"y": np.array([[1.0], [np.inf]])}, rows=2, used=1)


def test_stack_leaves_missing_rows_zero() -> None:
    stacked = stack([one(1), one(2)], rows=4)

    assert stacked["x"].tolist() == [[1], [2], [0], [0]]
    assert stacked["x"].dtype == np.float32


def test_check_names_the_output_that_is_wrong() -> None:
    with pytest.raises(ValueError, match="output y has 1 rows, the batch has 2"):
        check({"y": np.zeros((1, 7), np.float32)}, rows=2, used=2)
