"""The scorer: every call is answered once, by its own batch, whatever happens to its neighbours."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from esapr.inference.batching import DropReason
from esapr.inference.cards import Arrays
from esapr.inference.scoring import BatchFailedError, NotRunError, Scored
from tests.inference.batch_models import (
    LIMITS,
    Answering,
    ArrayScorer,
    Doubler,
    Gated,
    Tally,
    all_scores,
    one,
    scoring,
    settle,
)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8])
async def test_count_in_is_count_out_and_each_caller_gets_its_own_row(count: int) -> None:
    tally = Tally()
    async with scoring(Doubler(), tally) as scorer:
        scores = await all_scores(scorer, count)

    assert [float(s.value["y"][0]) for s in scores if isinstance(s, Scored)] == [
        2.0 * n for n in range(count)
    ]
    assert sum(tally.sizes) == count
    assert not tally.drops


async def test_a_full_batch_does_not_wait() -> None:
    tally = Tally()
    async with scoring(Doubler(), tally) as scorer:
        await all_scores(scorer, LIMITS.max_size)

    assert tally.sizes == [LIMITS.max_size]
    assert asyncio.get_running_loop().time() == 0


async def occupy(scorer: ArrayScorer, model: Gated, group: asyncio.TaskGroup) -> None:
    """Give the worker a batch to sit in and another one at hand: whatever comes next waits."""
    for n in range(2 * LIMITS.max_size):
        group.create_task(scorer.score(one(n), session=f"s{n}"))
    await model.inside.wait()
    await settle()
    assert scorer.pending == 0


async def test_while_the_worker_is_busy_the_next_batch_fills() -> None:
    model, tally = Gated(), Tally()
    async with scoring(model, tally) as scorer, asyncio.TaskGroup() as group:
        for n in range(LIMITS.max_size):
            group.create_task(scorer.score(one(n), session=f"s{n}"))
        await model.inside.wait()
        group.create_task(scorer.score(one(0), session="at hand when the worker is free"))
        await settle()
        assert scorer.pending == 0
        for n in range(3):
            group.create_task(scorer.score(one(n), session=f"t{n}"))
        await settle()
        assert scorer.pending == 3
        model.gate.set()

    assert tally.sizes == [4, 1, 3]


async def test_a_cancelled_caller_leaves_its_neighbours_alone() -> None:
    model, tally = Gated(), Tally()
    async with scoring(model, tally) as scorer, asyncio.TaskGroup() as group:
        await occupy(scorer, model, group)
        gone = group.create_task(scorer.score(one(1), session="gone"))
        stays = group.create_task(scorer.score(one(2), session="stays"))
        await settle()
        assert scorer.pending == 2
        gone.cancel()
        await settle()
        assert scorer.pending == 1
        model.gate.set()

    assert float(stays.result().value["y"][0]) == 4
    assert tally.sizes == [4, 4, 1]


async def test_a_caller_cancelled_while_its_batch_runs_does_not_break_it() -> None:
    model, tally = Gated(), Tally()
    async with scoring(model, tally) as scorer, asyncio.TaskGroup() as group:
        calls = [group.create_task(scorer.score(one(n), session=f"s{n}")) for n in range(4)]
        await model.inside.wait()
        calls[0].cancel()
        model.gate.set()

    assert [float(call.result().value["y"][0]) for call in calls[1:]] == [2, 4, 6]
    assert tally.sizes == [4]


def raises(_: Arrays) -> Arrays:
    raise RuntimeError("no such kernel")


def one_row_short(batch: Arrays) -> Arrays:
    return {"y": batch["x"][:-1]}


def not_a_number(batch: Arrays) -> Arrays:
    return {"y": np.full_like(batch["x"], np.nan)}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (raises, "no such kernel"),
        (one_row_short, "has 1 rows, the batch has 2"),
        (not_a_number, "not finite"),
    ],
)
async def test_a_bad_batch_fails_all_its_members(
    answer: Callable[[Arrays], Arrays], message: str
) -> None:
    tally = Tally()
    async with scoring(Answering(answer), tally) as scorer:
        scores = await all_scores(scorer, 2)

    assert all(isinstance(score, BatchFailedError) for score in scores)
    assert all(message in str(score) for score in scores)
    assert tally.drops == {"failed": 2}
    assert tally.sizes == []


async def test_after_a_failed_batch_the_next_one_runs() -> None:
    def fails_on_thirteen(batch: Arrays) -> Arrays:
        if 13 in batch["x"]:
            raise RuntimeError("unlucky")
        return {"y": batch["x"]}

    async with scoring(Answering(fails_on_thirteen), Tally()) as scorer:
        with pytest.raises(BatchFailedError, match="unlucky"):
            await scorer.score(one(13), session="a")
        score = await scorer.score(one(1), session="a")

    assert float(score.value["y"][0]) == 1


async def test_items_of_different_length_are_padded_with_zeros() -> None:
    model = Doubler()
    long, short = np.array([1, 2, 3], np.float32), np.array([4], np.float32)
    async with scoring(model, Tally()) as scorer:
        await asyncio.gather(
            scorer.score({"x": long}, session="a"), scorer.score({"x": short}, session="b")
        )

    assert model.ran[0]["x"].tolist() == [[1, 2, 3], [4, 0, 0]]


async def test_a_processor_runs_just_the_items() -> None:
    model = Doubler()
    async with scoring(model, Tally()) as scorer:
        scores = await all_scores(scorer, 3)

    assert model.ran[0]["x"].shape == (3, 1)
    assert [score.batch_size for score in scores if isinstance(score, Scored)] == [3, 3, 3]


async def test_what_does_not_fit_is_refused_at_once() -> None:
    model, tally = Gated(), Tally()
    async with scoring(model, tally) as scorer, asyncio.TaskGroup() as group:
        await occupy(scorer, model, group)
        for n in range(LIMITS.max_pending):
            group.create_task(scorer.score(one(n), session=f"t{n}"))
        await settle()
        assert scorer.pending == LIMITS.max_pending

        with pytest.raises(NotRunError) as refused:
            await scorer.score(one(9), session="late")
        model.gate.set()

    assert refused.value.reason is DropReason.OVERLOADED
    assert tally.drops == {"overloaded": 1}
    assert sum(tally.sizes) == 2 * LIMITS.max_size + LIMITS.max_pending
