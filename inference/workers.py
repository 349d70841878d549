"""Where a batch runs: a pool of threads, each call on whichever thread is free.

ONNX Runtime releases the GIL while it computes, so threads scale over cores.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from esapr.inference.models import Arrays
from esapr.inference.waiting import Rate


class ThreadWorkers:
    """Runs blocking calls on ``size`` threads, shared by every model.

    ``free`` counts the threads that have nothing to do: acquire it before a call to :meth:`run`,
    release it after. Those who wait for it are served in order.
    """

    def __init__(self, size: int) -> None:
        """Start a pool of ``size`` threads; they are created when first needed."""
        self.size = size
        self.free = asyncio.Semaphore(size)
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

    async def run(self, call: Callable[[Arrays], Arrays], batch: Arrays) -> Arrays:
        """Run ``call(batch)`` on a thread; what it raises is raised here."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            return await loop.run_in_executor(self._pool, call, batch)
        finally:
            self._busy.add(loop.time() - started, loop.time())

    def busy(self, now: float) -> float:
        """Return how many threads were busy of late, by the clock of the loop."""
        return self._busy.at(now)
