"""Where a batch runs: a pool of threads, each call on whichever thread is free.

ONNX Runtime releases the GIL while it computes, so threads scale over cores.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from esapr.inference.models import Arrays


class ThreadWorkers:
    """Runs blocking calls on ``size`` threads, shared by every model."""

    def __init__(self, size: int) -> None:
        """Start a pool of ``size`` threads; they are created when first needed."""
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="esapr-inference")

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
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, batch)
