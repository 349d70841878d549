"""Models in processes of their own, so that inference never competes for the server's GIL.

Each process owns every model, with one ONNX Runtime thread. Batches and answers travel through a
pipe as plain arrays. A process that dies takes one batch with it, which fails with
:class:`WorkerDiedError`, and is replaced; the others go on.
"""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event
from types import TracebackType
from typing import Self

from esapr.inference.cards import Arrays, ModelCard, ModelError
from esapr.inference.devices import CPU, Device, GpuOptions
from esapr.inference.remote import RemoteModel
from esapr.inference.threads import WorkerDiedError
from esapr.inference.worker_process import Answer, Orders, Question

STUCK_SECONDS = 30.0
"""A process that has not answered a batch by then is ended."""

ABSENT_SECONDS = 5.0
"""A batch for which no process is free by then fails."""

RESTART_SECONDS = 1.0
"""Pause after a start that failed, so that failing does not fill the machine."""

_COMMAND = (sys.executable, "-P", "-m", "esapr.inference.worker_process")


class ModelRaisedError(Exception):
    """The model raised in its process; the message holds the type and the text."""


@dataclass(frozen=True, slots=True, eq=False)
class WorkerProcess:
    """One process and the server's end of its pipe; one thread at a time uses it."""

    process: "subprocess.Popen[bytes]"
    pipe: "Connection[Question | Orders, Answer]"

    @classmethod
    def start(cls, orders: Orders) -> Self:
        """Start a process that loads the models of ``orders``; returns at once."""
        ours, theirs = Pipe()
        with theirs:
            process = subprocess.Popen(
                [*_COMMAND, str(theirs.fileno())], pass_fds=[theirs.fileno()]
            )
        ours.send(orders)
        return cls(process, ours)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def wait_until_ready(self) -> None:
        """Block until every batch bucket of every model has run.

        Raises:
            ModelError: a model could not be loaded, or the process died of it.
        """
        try:
            wrong = self.pipe.recv()
        except (EOFError, OSError):
            wrong = "a worker process died before it was ready"
        if wrong is not None:
            raise ModelError(str(wrong))

    def ask(self, model: str, batch: Arrays) -> Answer:
        """Run one batch and return its outputs, or what the model raised; blocks.

        Raises:
            WorkerDiedError: the process died, or was ended because it did not answer.
        """
        try:
            self.pipe.send((model, batch))
            if not self.pipe.poll(STUCK_SECONDS):
                self.process.kill()
            return self.pipe.recv()
        except (EOFError, OSError) as error:
            raise WorkerDiedError(f"the worker process died running {model}") from error


@dataclass(frozen=True, slots=True)
class ProcessModel(RemoteModel):
    """One model of the pool: what a scorer needs of it, and its card."""

    card: ModelCard
    processes: "ModelProcesses"

    def run(self, batch: Arrays, device: int = 0) -> Arrays:
        """Run one batch on a free process, whatever ``device`` is; blocks.

        Raises:
            WorkerDiedError: the process died, or none was free in time.
            ModelRaisedError: the model raised.
        """
        return self.processes.run(self.card.name, batch)

    def warm_up(self, device: int = 0) -> None:
        """Block until every process has run every batch bucket.

        Raises:
            ModelError: a process could not start.
        """
        self.processes.wait_until_ready()


class ModelProcesses:
    """A pool of ``size`` processes, each of which holds every model.

    A thread for each process starts it, waits for its death and replaces it.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        size: int,
        on_restart: Callable[[], None],
        *,
        devices: Sequence[Device] = (CPU,),
        gpu: GpuOptions = GpuOptions(),  # noqa: B008  # frozen
    ) -> None:
        """Read the cards of ``folders``; ``on_restart`` is called on a thread for each death.

        GPUs get one process each, whatever ``size`` is.

        Raises:
            CardError: a card is damaged.
        """
        self.models = {
            name: ProcessModel(ModelCard.read(folder), self) for name, folder in folders.items()
        }
        if devices[0] == CPU:
            devices = [CPU] * size
        self._orders = [Orders(dict(folders), device, gpu) for device in devices]
        self._on_restart = on_restart
        self._idle: SimpleQueue[WorkerProcess] = SimpleQueue()
        self._running: set[WorkerProcess] = set()
        self._first_starts: list[Future[None]] = [Future() for _ in devices]
        self._stopping = Event()
        self._keepers = ThreadPoolExecutor(len(devices), thread_name_prefix="esapr-worker-keeper")

    def __enter__(self) -> Self:
        """Begin to start the processes."""
        for orders, first_start in zip(self._orders, self._first_starts, strict=True):
            self._keepers.submit(self._keep, orders, first_start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End every process; nothing is lost once no batch runs any more."""
        self._stopping.set()
        for worker in list(self._running):
            worker.process.kill()
        self._keepers.shutdown(wait=True)

    def wait_until_ready(self) -> None:
        """Block until every process has been ready once.

        Raises:
            ModelError: a process could not start.
        """
        for first_start in self._first_starts:
            first_start.result()

    def run(self, model: str, batch: Arrays) -> Arrays:
        """Run one batch on a free process; see :meth:`ProcessModel.run`."""
        worker = self._free()
        answer = worker.ask(model, batch)
        self._idle.put(worker)
        if isinstance(answer, dict):
            return answer
        raise ModelRaisedError(answer)

    def _free(self) -> WorkerProcess:
        """Wait for a process that is ready and alive, and take it."""
        try:
            while not (worker := self._idle.get(timeout=ABSENT_SECONDS)).alive:
                pass
        except Empty:
            raise WorkerDiedError("no worker process is ready") from None
        return worker

    def _keep(self, orders: Orders, first_start: "Future[None]") -> None:
        """Start a process, and another one whenever it has died, until the pool stops."""
        while not self._stopping.is_set():
            try:
                self._live(orders, first_start)
            except (ModelError, OSError) as error:
                if not first_start.done():
                    first_start.set_exception(ModelError(str(error)))
                self._stopping.wait(RESTART_SECONDS)
            if not self._stopping.is_set():
                self._on_restart()

    def _live(self, orders: Orders, first_start: "Future[None]") -> None:
        """Start a process and return when it has died."""
        worker = WorkerProcess.start(orders)
        self._running.add(worker)
        if self._stopping.is_set():
            worker.process.kill()
        try:
            worker.wait_until_ready()
            if not first_start.done():
                first_start.set_result(None)
            self._idle.put(worker)
        finally:
            worker.process.wait()
            self._running.discard(worker)
