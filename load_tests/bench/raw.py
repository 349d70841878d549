"""The floor of inference: the shipped graphs alone, called in a loop with nothing around them."""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from esapr import models_onnx
from esapr.inference.cards import Arrays, ModelCard, ModelError
from esapr.inference.devices import find_devices
from esapr.inference.models import RUNS_TO_WARM_UP, Model
from esapr.inference.rows import stack
from esapr.inference.sessions import available_providers
from esapr.load_tests.bench.repeated import Meter

NEEDS = "it needs the GPU install (make setup EXTRA=gpu), a GPU, and for tensorrt its libraries"


@dataclass(frozen=True, slots=True)
class Load:
    """A model and items to run it on: the stored parity case, without a batch dimension."""

    model: Model
    items: Sequence[Arrays]

    def batch(self, size: int) -> Arrays:
        """Return ``size`` items as one batch, repeating them as needed."""
        return stack(list(itertools.islice(itertools.cycle(self.items), size)), size)


def loads(names: Sequence[str] = (), provider: str = "cpu") -> dict[str, Load]:
    """Load the installed models called ``names``, or all of them, with one thread a batch.

    Raises:
        KeyError: no model of that name is installed.
        ModelError: a folder is damaged, or the models do not run on ``provider``, which is the
            name of a :class:`DeviceKind`.
    """
    folders = models_onnx.folders()
    device = find_devices(provider, available_providers())[0]
    if device.kind != provider:
        raise ModelError(f"{provider} is not there: {NEEDS}")
    loaded = {}
    for name in names or folders:
        card = ModelCard.read(folders[name])
        model = Model(card, devices=[device])
        if model.fell_back:
            raise ModelError(f"{name} runs on {model.provider}, not on {provider}: {NEEDS}")
        loaded[name] = Load(model, _items(card))
    return loaded


def _items(card: ModelCard) -> list[Arrays]:
    with np.load(card.folder / "parity.npz") as stored:
        inputs = {spec.name: stored[f"in_{spec.name}"] for spec in card.inputs}
    count = len(next(iter(inputs.values())))
    return [{name: values[row] for name, values in inputs.items()} for row in range(count)]


def raw_rate(load: Load, size: int, *, threads: int, seconds: float) -> float:
    """Return items a second of batches of ``size`` on ``threads`` threads at once.

    ``Model.run`` is ``InferenceSession.run`` and a dictionary around its outputs.
    """
    batch, lock = load.batch(size), threading.Lock()
    meters: list[Meter] = []

    def begin() -> None:
        start = time.perf_counter()
        meters.append(Meter(start, start + seconds))

    together = threading.Barrier(threads, begin)

    def loop() -> None:
        # On the thread that is measured: a CUDA graph belongs to the thread that recorded it.
        for _ in range(RUNS_TO_WARM_UP):
            load.model.run(batch)
        together.wait()
        began = time.perf_counter()
        end = began + seconds
        while began < end:
            load.model.run(batch)
            ended = time.perf_counter()
            with lock:
                meters[0].add(began, ended, size)
            began = ended

    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(loop) for _ in range(threads)]:
            future.result()
    return meters[0].rate


def cpu_seconds_an_item(load: Load, size: int, *, seconds: float) -> float:
    """Return the processor time of one item in batches of ``size`` on this thread.

    Valid because the graphs run on the calling thread alone.
    """
    call = partial(load.model.run, load.batch(size))
    return seconds_a_call(call, seconds=seconds, clock=time.thread_time) / size


def seconds_a_call(
    call: Callable[[], object], *, seconds: float, clock: Callable[[], float]
) -> float:
    """Return what a call takes by ``clock``, called for ``seconds`` and once at least."""
    for _ in range(RUNS_TO_WARM_UP):
        call()
    end, began, calls = time.perf_counter() + seconds, clock(), 0
    while not calls or time.perf_counter() < end:
        call()
        calls += 1
    return (clock() - began) / calls
