"""Models in worker processes: the same answers, and what a death costs."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from esapr import models_onnx
from esapr.inference.cards import Arrays, ModelCard, ModelError
from esapr.inference.models import Model
from esapr.inference.processes import ModelProcesses, ModelRaisedError, WorkerDiedError

NAME = "face_detector"


class Restarts:
    """Counts restarts and lets a thread wait for one."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Semaphore(0)

    def note(self) -> None:
        self.count += 1
        self._changed.release()

    def wait(self) -> None:
        assert self._changed.acquire(timeout=20)


@pytest.fixture(scope="module")
def folder() -> Path:
    return models_onnx.folders()[NAME]


@pytest.fixture
def restarts() -> Restarts:
    return Restarts()


@pytest.fixture
def pool(folder: Path, restarts: Restarts) -> Iterator[ModelProcesses]:
    with ModelProcesses({NAME: folder}, 2, restarts.note) as pool:
        pool.wait_until_ready()
        yield pool


def pictures(count: int) -> Arrays:
    return {"image": np.random.default_rng(count).integers(0, 255, (count, 128, 128, 3), np.uint8)}


def pids(pool: ModelProcesses) -> list[int]:
    return [worker.process.pid for worker in pool._running]


def test_a_process_answers_what_the_model_answers_here(pool: ModelProcesses, folder: Path) -> None:
    model = Model(ModelCard.read(folder))

    for count in model.card.batch.buckets:
        there = pool.models[NAME].run(pictures(count))
        here = model.run(pictures(count))
        assert there.keys() == here.keys()
        for name, values in here.items():
            np.testing.assert_array_equal(there[name], values)


def test_what_a_model_raises_fails_its_batch_only(pool: ModelProcesses, restarts: Restarts) -> None:
    model = pool.models[NAME]
    before = pids(pool)
    for _ in range(3):
        with pytest.raises(ModelRaisedError, match="InvalidArgument"):
            model.run({"image": np.zeros((1, 5, 5, 3), np.uint8)})

    assert model.run(pictures(1))["boxes"].shape == (1, 896, 16)
    assert (pids(pool), restarts.count) == (before, 0)


def test_a_process_that_is_killed_is_replaced(pool: ModelProcesses, restarts: Restarts) -> None:
    model = pool.models[NAME]
    killed = pids(pool)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    for _ in killed:
        restarts.wait()

    assert model.run(pictures(1))["boxes"].shape == (1, 896, 16)
    assert not set(pids(pool)) & set(killed)


def test_under_load_a_kill_costs_at_most_the_batch_that_ran(
    pool: ModelProcesses, restarts: Restarts
) -> None:
    model = pool.models[NAME]
    victim = pids(pool)[0]

    def score(number: int) -> bool:
        if number == 20:
            os.kill(victim, signal.SIGKILL)
        try:
            return model.run(pictures(8))["boxes"].shape[0] == 8
        except WorkerDiedError:
            return False

    with ThreadPoolExecutor(2) as threads:
        answered = list(threads.map(score, range(60)))
    restarts.wait()

    assert answered.count(False) <= 1
    assert victim not in pids(pool)
    assert restarts.count == 1


def test_the_processes_outlive_a_signal_to_the_group_and_not_the_pool(folder: Path) -> None:
    with ModelProcesses({NAME: folder}, 1, Restarts().note) as pool:
        pool.wait_until_ready()
        (worker,) = pool._running
        for name in (signal.SIGINT, signal.SIGTERM):
            os.kill(worker.process.pid, name)
        assert pool.models[NAME].run(pictures(1))["boxes"].shape == (1, 896, 16)

    assert worker.process.poll() == -signal.SIGKILL


def test_a_damaged_model_is_said_by_the_process_that_cannot_load_it(
    folder: Path, tmp_path: Path
) -> None:
    damaged = copytree(folder, tmp_path / NAME)
    (damaged / "model.onnx").write_bytes(b"not a model")
    with (
        ModelProcesses({NAME: damaged}, 1, Restarts().note) as pool,
        pytest.raises(ModelError, match="does not match its sha256"),
    ):
        pool.models[NAME].warm_up()
