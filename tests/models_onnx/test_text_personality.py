"""The shipped trait model: its folder, its graph, and how its figures are come by."""

import numpy as np
import pytest

from esapr.inference.cards import Arrays, ModelCard
from esapr.inference.models import Model
from esapr.inference.rows import stack
from esapr.inference.text.personality import arrays_of, read_whole_tokenizer
from esapr.inference.text.traits import CHUNK_TOKENS, TRAITS, Priors
from esapr.models_onnx import ROOT
from esapr.models_onnx.evaluation.essays import Essays
from esapr.models_onnx.evaluation.text_personality import (
    Heads,
    Read,
    chunks_of,
    evaluate,
    means,
    read_heads,
    unseen,
)
from esapr.models_onnx.training.text import ridge

TEXT = "I like to read on my own, and then I call a friend who asks me out for a walk. " * 14
SHORT = "Well, not today."


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ModelCard.read(ROOT / "text_personality"))


@pytest.fixture(scope="module")
def chunks(model: Model) -> list[Arrays]:
    tokenizer = read_whole_tokenizer(model.card)
    return [arrays_of(chunk) for text in (TEXT, SHORT) for chunk in chunks_of(text, tokenizer)]


def test_the_graph_is_the_one_on_the_card(model: Model) -> None:
    assert model.verify() <= model.card.parity_tolerance
    assert not model.card.commercial_use
    assert all(Priors.read(model.card).between > 0)


def test_a_text_is_read_in_chunks_to_its_end(chunks: list[Arrays]) -> None:
    sizes = [len(chunk["input_ids"]) - 2 for chunk in chunks]
    assert sizes[:1] == [CHUNK_TOKENS]
    assert all(0 < size < CHUNK_TOKENS for size in sizes[1:])


def test_what_others_write_changes_nothing(model: Model, chunks: list[Arrays]) -> None:
    together = model.run(stack(chunks, 4))["traits"]
    for chunk, row in zip(chunks, together, strict=False):
        alone = model.run({name: values[np.newaxis] for name, values in chunk.items()})["traits"]
        np.testing.assert_allclose(alone[0], row, atol=1e-4)


def test_each_author_is_judged_by_the_head_that_has_not_seen_them() -> None:
    # Head 0 says yes to everything, head 1 no.
    heads = Heads(np.zeros((2, 3, 5)), np.array([[1.0] * 5, [-1.0] * 5]))
    read = Read(np.array([0, 0, 1]), np.array([100, 20, 50]), np.zeros((3, 3), np.float32))
    logits = unseen(heads, read, np.array([1, 0]))
    np.testing.assert_array_equal(logits[:, 0], [-1, -1, 1])


def test_one_inverse_says_what_a_fit_without_each_fold_says() -> None:
    draw = np.random.default_rng(1)
    rows, target = draw.normal(size=(30, 4)), draw.normal(2.0, 1.0, (30, 5))
    folds = np.arange(30) % 3
    found = ridge.unseen(rows @ rows.T, target, 2.0, folds)
    # A column of its own stands for the mean, as a constant in the kernel does.
    rows = np.column_stack([rows, np.full(30, np.sqrt(10.0))])
    for fold in range(3):
        seen, left = rows[folds != fold], rows[folds == fold]
        weights = np.linalg.solve(seen.T @ seen + 2.0 * np.eye(5), seen.T @ target[folds != fold])
        np.testing.assert_allclose(found[folds == fold], left @ weights)


def test_a_chunk_weighs_as_many_words_as_it_has() -> None:
    read = Read(np.array([0, 0]), np.array([150, 50]), np.zeros((2, 1), np.float32))
    np.testing.assert_array_equal(means(np.array([[1.0], [0.5]]), read, 1), [[0.875]])


def test_figures_are_of_every_trait(model: Model) -> None:
    made = Essays([TEXT, SHORT], np.array([[True] * 5, [False] * 5]), np.array([0, 1]))
    found = evaluate(model, made)
    assert found["traits"].keys() == set(TRAITS)
    assert found["essays"] == 2
    accuracies = [each["accuracy"] for each in found["traits"].values()]
    assert found["mean_accuracy"] == pytest.approx(np.mean(accuracies))


def test_there_is_a_head_for_every_fold(model: Model) -> None:
    assert read_heads(model).weights.shape == (10, 384, len(TRAITS))
