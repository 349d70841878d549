"""What runs inside a worker process: it loads every model and answers batches until told to stop.

Started by :mod:`esapr.inference.processes` as ``python -m esapr.inference.worker_process FD``,
where ``FD`` is its end of the pipe. It is sent its :class:`Orders` first and says None when it is
ready, or what is wrong. Then each ``(model, batch)`` is answered by the outputs, or by the text of
what the model raised. The end of the pipe, which is also the server's death, ends it.
"""

import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from esapr.inference.cards import Arrays, ModelCard, ModelError
from esapr.inference.devices import Device, GpuOptions
from esapr.inference.models import Model


@dataclass(frozen=True, slots=True)
class Orders:
    """What a process is sent first: the models' folders, by name, and the device that it has."""

    folders: dict[str, Path]
    device: Device
    gpu: GpuOptions


Question = tuple[str, Arrays]
Answer = Arrays | str | None


def main() -> None:
    """Serve the pipe whose file descriptor is the first argument."""
    # A signal to the whole process group is for the server, which drains before it stops this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    orders: Orders
    with Connection(int(sys.argv[1])) as pipe, suppress(EOFError, ConnectionError):
        orders = pipe.recv()
        try:
            models = {
                name: Model(ModelCard.read(folder), devices=[orders.device], gpu=orders.gpu)
                for name, folder in orders.folders.items()
            }
        except ModelError as error:
            pipe.send(str(error))
            return
        for model in models.values():
            model.warm_up()
        pipe.send(None)
        while True:
            name, batch = pipe.recv()
            pipe.send(answer(models[name], batch))


def answer(model: Model, batch: Arrays) -> Arrays | str:
    """Return the outputs, or what the model raised."""
    try:
        return model.run(batch)
    except Exception as error:
        # Whatever a model raises fails its batch only; the process lives on.
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
