"""Where a batch runs: a pool of threads, each call on whichever thread is free.

ONNX Runtime releases the GIL while it computes, so threads scale over cores.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from esapr.inference.cards import Arrays
from esapr.inference.waiting import Rate


@dataclass(frozen=True, slots=True)
class Ran:
    """Outputs, when the call began on its thread (loop time) and how many seconds it took."""

    outputs: Arrays
    started: float
    seconds: float


class ThreadWorkers:
    """Runs blocking calls on ``size`` threads, shared by every model.

    ``free`` counts the calls that may be handed over: acquire it before :meth:`run`, release it
    after; those who wait are served in order. It is one more than the threads, so that a thread
    that becomes free has its next batch at hand and need not wait for the event loop.
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

    async def run(self, call: Callable[[], Arrays]) -> Ran:
        """Run ``call`` on a thread; what it raises is raised here."""
        loop = asyncio.get_running_loop()

        def timed() -> Ran:
            started = loop.time()
            outputs = call()
            return Ran(outputs, started, loop.time() - started)

        ran = await loop.run_in_executor(self._pool, timed)
        self._busy.add(ran.seconds, loop.time())
        return ran

    def busy(self, now: float) -> float:
        """Return how many threads were busy of late, by the clock of the loop."""
        return self._busy.at(now)
