"""Traits from sums: too few words say nothing, more words narrow what they say."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.text.traits import (
    CHUNK_TOKENS,
    LEAST_WORDS,
    TRAITS,
    Chunks,
    Priors,
    Row,
    Token,
    TraitSums,
    words_in,
)

PRIORS = Priors(np.zeros(5), np.full(5, 0.04), np.full(5, 25.0))
LOGITS = np.array([0.4, -0.4, 0.0, 0.2, -0.1], np.float32)


def sums(*chunks: tuple[Sequence[float], int]) -> TraitSums:
    made = TraitSums(PRIORS)
    for logits, words in chunks:
        made.add(np.array(logits, np.float32), words)
    return made


def test_fewer_than_two_hundred_words_say_nothing() -> None:
    made = sums((LOGITS, LEAST_WORDS - 1))
    assert made.estimate() is None

    made.add(LOGITS, 1)
    assert made.estimate() is not None


def test_few_words_stay_near_the_mean_of_everybody() -> None:
    few, many = (sums((LOGITS, words)).estimate() for words in (200, 20_000))
    assert few
    assert many
    assert 0.5 < few.score[0] < many.score[0] < 0.6
    assert many.score[0] == pytest.approx(1 / (1 + np.exp(-0.4)), abs=0.005)


@given(st.lists(st.floats(-2, 2), min_size=5, max_size=5), st.integers(200, 5_000))
def test_the_range_holds_the_score_and_shrinks_as_words_accumulate(
    logits: list[float], words: int
) -> None:
    made = sums((logits, words))
    before = made.estimate()
    made.add(np.array(logits, np.float32), words)
    after = made.estimate()
    assert before
    assert after
    assert (before.low < before.score).all()
    assert (before.score < before.high).all()
    # On the scale of logits: that of probabilities is narrower at its ends.
    assert (_width(after.low, after.high) < _width(before.low, before.high)).all()


def _width(low: Row, high: Row) -> Row:
    return np.asarray(np.log(high / (1 - high)) - np.log(low / (1 - low)))


def test_the_order_of_chunks_changes_nothing() -> None:
    chunks = [(LOGITS, 150), (-LOGITS, 70), (0.5 * LOGITS, 200)]
    one, other = sums(*chunks).estimate(), sums(*reversed(chunks)).estimate()
    assert one
    assert other
    np.testing.assert_allclose(one.score, other.score)


def test_another_gateway_goes_on_from_five_numbers_and_a_count() -> None:
    here = sums((LOGITS, 180))
    there = TraitSums(PRIORS)
    there.recall(here.memory())
    assert len(here.memory().sums) == len(TRAITS)

    for each in (here, there):
        each.add(-LOGITS, 300)
    one, other = here.estimate(), there.estimate()
    assert one
    assert other
    np.testing.assert_array_equal(one.score, other.score)


@given(st.lists(st.lists(st.integers(1000, 2000), max_size=450), max_size=6))
def test_chunks_hold_every_token_once_in_order(lines: list[list[int]]) -> None:
    chunks = Chunks()
    full: list[Sequence[Token]] = []
    for ids in lines:
        full += chunks.add(ids, ["word"] * len(ids))
    assert all(len(chunk) == CHUNK_TOKENS for chunk in full)

    rest = list(chunks.rest())
    assert all(0 < len(chunk) < CHUNK_TOKENS for chunk in rest)
    assert list(chunks.rest()) == []
    found = [token.id for chunk in [*full, *rest] for token in chunk]
    assert found == [number for ids in lines for number in ids]


def test_words_are_counted_where_they_begin() -> None:
    chunks = Chunks()
    list(chunks.add([1, 2, 3, 4, 5, 6], ["un", "##speak", "##able", ",", "42", "don"]))
    (rest,) = chunks.rest()
    assert words_in(rest) == 3
