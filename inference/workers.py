"""Where a batch runs: a pool of threads, each call on whichever thread is free.

ONNX Runtime and OpenCV release the GIL while they compute, so threads scale over cores.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from esapr.inference.waiting import Rate

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Ran(Generic[Value]):
    """What a call returned, when it began (loop time) and how many seconds it took."""

    value: Value
    started: float
    seconds: float


class ThreadWorkers:
    """Runs blocking calls on ``size`` threads, shared by every model.

    ``free`` counts the calls that may be handed over: acquire it before :meth:`start`, which
    releases it when the call has ended; those who wait are served in order. It is one more than
    the threads, so that a thread that becomes free has its next batch at hand and need not wait
    for the event loop.
    """

    def __init__(self, size: int) -> None:
        """Start a pool of ``size`` threads; they are created when first needed."""
        self.size = size
        self.free = asyncio.Semaphore(size + 1)
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="esapr-inference")
        self._busy = Rate()

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for the batches that run and end the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def start(
        self, call: Callable[[], Value], done: Callable[[Ran[Value] | BaseException], None]
    ) -> None:
        """Run ``call`` on a thread, then ``done`` in the event loop; returns at once.

        ``done`` is given what ``call`` raised, if it did. The loop is woken once a batch.
        """
        loop = asyncio.get_running_loop()

        def timed() -> Ran[Value]:
            started = loop.time()
            value = call()
            return Ran(value, started, loop.time() - started)

        def end(future: asyncio.Future[Ran[Value]]) -> None:
            self.free.release()
            # Cancelled are the calls that had not begun when the pool was shut down.
            if not future.cancelled():
                done(future.exception() or self.note(future.result(), loop.time()))

        loop.run_in_executor(self._pool, timed).add_done_callback(end)

    def note(self, ran: Ran[Value], now: float) -> Ran[Value]:
        """Count the time of a call towards :meth:`busy` and return it."""
        self._busy.add(ran.seconds, now)
        return ran

    def busy(self, now: float) -> float:
        """Return how many threads were busy of late, by the clock of the loop."""
        return self._busy.at(now)
