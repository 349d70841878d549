"""What the death of a worker costs: one batch, whichever way it dies."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from esapr import models_onnx
from esapr.inference.cards import Arrays, ModelCard, ModelError
from esapr.inference.devices import Device
from esapr.inference.models import Model
from esapr.inference.scoring import BatchFailedError, Scored, Scorer
from esapr.inference.stages import Network, Rows
from esapr.inference.threads import FAILURES, WorkerDiedError
from esapr.inference.workers import Ran, ThreadWorkers
from tests.inference.batch_models import Answering, TakesAnyArrays, Tally, one, scoring

pytestmark = [
    pytest.mark.real_time,
    # Threads die here, of SystemExit, which Python ends a thread with in silence.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


class Restarts:
    """Counts restarts and lets a test wait for them."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Semaphore(0)

    def note(self) -> None:
        self.count += 1
        self._changed.release()

    async def wait(self) -> None:
        assert await asyncio.to_thread(self._changed.acquire, timeout=20)


def inference_threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if t.name.startswith("esapr-inference")}


def threads_left() -> set[threading.Thread]:
    """Return those that outlive their pool; one that has been replaced may still be ending."""
    for thread in inference_threads():
        thread.join(timeout=20)
    return inference_threads()


async def run(workers: ThreadWorkers, call: Callable[[int], Arrays]) -> Arrays:
    """Hand a call over, however many there are already, and wait for what comes of it."""
    ended: asyncio.Future[Arrays] = asyncio.get_running_loop().create_future()

    def done(ran: Ran[Arrays] | BaseException) -> None:
        if isinstance(ran, BaseException):
            ended.set_exception(ran)
        else:
            ended.set_result(ran.value)

    workers.start(call, done)
    return await ended


def exits(_: Arrays) -> Arrays:
    raise SystemExit


async def test_a_batch_that_ends_its_thread_fails_alone_and_the_thread_is_replaced() -> None:
    restarts, tally = Restarts(), Tally()

    def exits_on_thirteen(batch: Arrays) -> Arrays:
        return exits(batch) if 13 in batch["x"] else {"y": batch["x"] * 2}

    workers = ThreadWorkers(1, on_restart=restarts.note)
    async with scoring(Answering(exits_on_thirteen), tally, workers) as scorer:
        with pytest.raises(BatchFailedError, match="WorkerDiedError"):
            await scorer.score(one(13), session="a")
        score = await scorer.score(one(1), session="a")

    assert float(score.value["y"][0]) == 2
    assert tally.drops == {"failed": 1}
    assert restarts.count == 1
    assert not threads_left()


async def test_running_out_of_memory_fails_the_batch_and_keeps_the_thread() -> None:
    restarts = Restarts()

    def too_large(batch: Arrays) -> Arrays:
        raise MemoryError

    with ThreadWorkers(1, on_restart=restarts.note) as workers:
        before = inference_threads()
        for _ in range(3):
            with pytest.raises(MemoryError):
                await run(workers, lambda _: too_large({}))
        assert inference_threads() == before
    assert restarts.count == 0


async def test_threads_that_die_under_load_cost_their_batch_only() -> None:
    name = "face_detector"
    model = Model(ModelCard.read(models_onnx.folders()[name]))
    restarts, tally = Restarts(), Tally()
    deaths = iter([True, False] * 5)

    class Deadly(TakesAnyArrays):
        def run(self, batch: Arrays, device: int) -> Arrays:
            outputs = model.run(batch)
            return exits(outputs) if next(deaths, False) else outputs

    picture = {"image": np.zeros((128, 128, 3), np.uint8)}
    with ThreadWorkers(2, on_restart=restarts.note) as workers:
        scorer = Scorer(Rows(Network(name, Deadly(), model.card.batch)), workers, tally)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(scorer.run())
            calls = [scorer.score(picture, session=f"s{n}") for n in range(50)]
            answers = await asyncio.gather(*calls, return_exceptions=True)
            for _ in range(5):
                await restarts.wait()
            assert len(inference_threads()) >= 2
            running.cancel()

    lost = [answer for answer in answers if not isinstance(answer, Scored)]
    assert all(isinstance(answer, BatchFailedError) for answer in lost)
    assert 5 <= len(lost) <= 5 * model.card.batch.max_size
    assert tally.drops["failed"] == len(lost)
    assert restarts.count == 5
    assert not threads_left()


class Devices:
    """A model on several devices that can be broken: real sessions, one a device."""

    def __init__(self, count: int) -> None:
        card = ModelCard.read(models_onnx.folders()["face_detector"])
        self.model = Model(card, devices=[Device(number=n, bound=True) for n in range(count)])
        self.broken: set[int] = set()
        self.ran: list[int] = []
        self.refused = threading.Semaphore(0)

    def run(self, device: int) -> Arrays:
        if device in self.broken:
            raise RuntimeError("the device is lost")
        self.ran.append(device)
        return self.model.run(self.model.zeros(1), device)

    def prepare(self, device: int) -> None:
        if device in self.broken:
            self.refused.release()
            raise ModelError("the device is lost")
        self.model.reopen(device)

    @contextmanager
    def workers(self, restarts: Restarts) -> Iterator[ThreadWorkers]:
        count = len(self.model.devices)
        with ThreadWorkers(
            1, devices=count, prepare=self.prepare, on_restart=restarts.note
        ) as workers:
            yield workers


async def test_batches_are_spread_over_the_devices() -> None:
    devices = Devices(3)
    with devices.workers(Restarts()) as workers:
        await asyncio.gather(*(run(workers, devices.run) for _ in range(12)))

    assert sorted(devices.ran) == [0] * 4 + [1] * 4 + [2] * 4


async def test_a_device_that_fails_is_taken_out_and_the_others_go_on() -> None:
    devices, restarts = Devices(2), Restarts()
    with devices.workers(restarts) as workers:
        devices.broken.add(1)
        calls = (run(workers, devices.run) for _ in range(2 * FAILURES))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        await restarts.wait()
        assert sum(isinstance(answer, RuntimeError) for answer in answers) == FAILURES
        assert workers.ready == [True, False]

        devices.ran.clear()
        await asyncio.gather(*(run(workers, devices.run) for _ in range(8)))
        assert devices.ran == [0] * 8


async def test_a_device_comes_back_once_it_can_be_opened() -> None:
    devices, restarts = Devices(2), Restarts()
    with devices.workers(restarts) as workers:
        devices.broken.add(1)
        calls = (run(workers, devices.run) for _ in range(2 * FAILURES))
        await asyncio.gather(*calls, return_exceptions=True)
        assert await asyncio.to_thread(devices.refused.acquire, timeout=20)
        assert workers.ready == [True, False]

        devices.broken.clear()
        async with asyncio.timeout(20):
            while not all(workers.ready):
                await run(workers, devices.run)
        devices.ran.clear()
        await asyncio.gather(*(run(workers, devices.run) for _ in range(8)))
    assert sorted(devices.ran) == [0] * 4 + [1] * 4
    assert restarts.count == 1


async def test_with_every_device_out_a_batch_fails_at_once() -> None:
    devices = Devices(1)
    with devices.workers(Restarts()) as workers:
        devices.broken.add(0)
        for _ in range(FAILURES):
            with pytest.raises(RuntimeError):
                await run(workers, devices.run)
        assert await asyncio.to_thread(devices.refused.acquire, timeout=20)
        with pytest.raises(WorkerDiedError):
            await run(workers, devices.run)


async def test_a_batch_that_raises_does_not_take_a_device_out() -> None:
    devices, restarts = Devices(1), Restarts()
    with devices.workers(restarts) as workers:
        for _ in range(3):
            for _ in range(FAILURES - 1):
                with pytest.raises(KeyError):
                    await run(workers, lambda _: {}["no such input"])
            await run(workers, devices.run)
        assert workers.ready == [True]
    assert restarts.count == 0
