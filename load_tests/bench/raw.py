"""The floor of inference: the shipped graphs alone, called in a loop with nothing around them."""

import itertools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from esapr import models_onnx
from esapr.inference.cards import Arrays, ModelCard, ModelError
from esapr.inference.models import Model
from esapr.inference.rows import stack
from esapr.load_tests.bench.repeated import Meter

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
NEEDS = {
    "cpu": "it needs the CPU install (make setup)",
    "cuda": "it needs the GPU install (make setup EXTRA=gpu) and a GPU",
}


@dataclass(frozen=True, slots=True)
class Load:
    """A model and items to run it on: the stored parity case, without a batch dimension."""

    model: Model
    items: Sequence[Arrays]

    def batch(self, size: int) -> Arrays:
        """Return ``size`` items as one batch, repeating them as needed."""
        return stack(list(itertools.islice(itertools.cycle(self.items), size)), size)


def loads(names: Sequence[str] = (), provider: str | None = None) -> dict[str, Load]:
    """Load the installed models called ``names``, or all of them, with one thread a batch.

    Raises:
        KeyError: no model of that name is installed.
        ModelError: a folder is damaged, or the models do not run on ``provider``.
    """
    folders = models_onnx.folders()
    loaded = {}
    for name in names or folders:
        card = ModelCard.read(folders[name])
        model = Model(card)
        if provider is not None and model.provider != PROVIDERS[provider]:
            raise ModelError(
                f"{name} runs on {model.provider}, not on {PROVIDERS[provider]}: {NEEDS[provider]}"
            )
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
    batch = load.batch(size)
    load.model.run(batch)
    start = time.perf_counter()
    meter, lock = Meter(start, start + seconds), threading.Lock()

    def loop() -> None:
        ended = time.perf_counter()
        while ended < start + seconds:
            began = ended
            load.model.run(batch)
            ended = time.perf_counter()
            with lock:
                meter.add(began, ended, size)

    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(loop) for _ in range(threads)]:
            future.result()
    return meter.rate


def cpu_seconds_an_item(load: Load, size: int, *, seconds: float) -> float:
    """Return the processor time of one item in batches of ``size`` on this thread.

    Valid because the graphs run on the calling thread alone.
    """
    batch = load.batch(size)
    load.model.run(batch)
    end, began, items = time.perf_counter() + seconds, time.thread_time(), 0
    while not items or time.perf_counter() < end:
        load.model.run(batch)
        items += size
    return (time.thread_time() - began) / items
