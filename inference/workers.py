"""Where a batch runs: on the threads of the processor, or on the GPU that has the fewest batches.

ONNX Runtime and OpenCV release the GIL while they compute, so threads scale over cores.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Generic, Self, TypeVar

from esapr.inference.placement import least_loaded
from esapr.inference.threads import DeviceThreads, WorkerDiedError
from esapr.inference.waiting import Rate

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Ran(Generic[Value]):
    """What a call returned, when it began (loop time) and how many seconds it took."""

    value: Value
    started: float
    seconds: float


class ThreadWorkers:
    """Runs blocking calls on ``size`` threads a device, shared by every model.

    ``free`` counts the calls that may be handed over: acquire it before :meth:`start`, which
    releases it when the call has ended; those who wait are served in order. It is one more than
    the threads of each device, so that a thread that becomes free has its next batch at hand and
    need not wait for the event loop.
    """

    def __init__(
        self,
        size: int,
        *,
        devices: int = 1,
        prepare: Callable[[int], None] | None = None,
        on_restart: Callable[[], None] = lambda: None,
    ) -> None:
        """Start no thread yet.

        Args:
            size: threads a device; a GPU has one.
            devices: how many devices there are.
            prepare: makes the device of that index usable again, on its thread, after it failed;
                raises ModelError while it cannot.
            on_restart: called on a thread that died and was replaced.
        """
        self.size = size * devices
        self.free = asyncio.Semaphore((size + 1) * devices)
        self._devices = [
            DeviceThreads(
                size,
                f"esapr-inference-{number}",
                on_restart,
                None if prepare is None else partial(prepare, number),
            )
            for number in range(devices)
        ]
        self._batches = [0] * devices
        self._last = 0
        self._busy = Rate()

    def __enter__(self) -> Self:
        """Start the threads."""
        for threads in self._devices:
            threads.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for the batches that run and end the threads."""
        for threads in self._devices:
            threads.stop()

    @property
    def ready(self) -> list[bool]:
        """Whether each device takes batches."""
        return [not threads.out for threads in self._devices]

    def start(
        self, call: Callable[[int], Value], done: Callable[[Ran[Value] | BaseException], None]
    ) -> None:
        """Run ``call`` on a thread of the least loaded device, then ``done`` in the event loop.

        Returns at once. ``call`` is given the index of its device, ``done`` what ``call`` raised if
        it did, or :class:`WorkerDiedError`. The loop is woken once a batch.
        """
        loop = asyncio.get_running_loop()
        device = self._least_loaded()
        if device is None:
            self.free.release()
            loop.call_soon(done, WorkerDiedError("every device is out"))
            return

        def timed() -> Ran[Value]:
            started = loop.time()
            value = call(device)
            return Ran(value, started, loop.time() - started)

        def end(future: asyncio.Future[Ran[Value]]) -> None:
            self._batches[device] -= 1
            self.free.release()
            # Cancelled are the calls that had not begun when the pool was stopped.
            if not future.cancelled():
                done(future.exception() or self.note(future.result(), loop.time()))

        self._last = device
        self._batches[device] += 1
        loop.run_in_executor(self._devices[device], timed).add_done_callback(end)

    def _least_loaded(self) -> int | None:
        loads = zip(self._batches, self.ready, strict=True)
        return least_loaded([load if ready else None for load, ready in loads], self._last)

    def note(self, ran: Ran[Value], now: float) -> Ran[Value]:
        """Count the time of a call towards :meth:`busy` and return it."""
        self._busy.add(ran.seconds, now)
        return ran

    async def on_each_device(self, call: Callable[[int], None]) -> None:
        """Run ``call`` once on a thread of each device; what it raises is raised here."""
        loop = asyncio.get_running_loop()
        calls = [loop.run_in_executor(threads, call, n) for n, threads in enumerate(self._devices)]
        await asyncio.gather(*calls)

    def busy(self, now: float) -> float:
        """Return how many threads were busy of late, by the clock of the loop."""
        return self._busy.at(now)
