"""An event loop on which waiting takes no time: the clock jumps to the next timer.

When no callback is ready, the selector adds the timeout to the loop's clock instead of waiting.
While a call runs on a thread the clock stands still and the loop waits for it in earnest, so a
computation costs no simulated time. Sockets need the real loop (the ``real_time`` marker).
"""

import asyncio
import selectors
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any


class StalledError(RuntimeError):
    """No timer is set and no thread runs, so nothing can ever wake the test up."""


class _Clock(selectors.DefaultSelector):  # type: ignore[misc,valid-type]  # chosen per platform
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.threads:
            return super().select(None)  # type: ignore[no-any-return]
        if timeout is None:
            raise StalledError("every task waits for something that nobody will do")
        self.now += timeout
        return ready


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """A selector loop whose :meth:`time` starts at zero and advances by jumps (seconds)."""

    def __init__(self) -> None:
        self._clock = _Clock()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self._clock.threads += 1
        future.add_done_callback(self._thread_done)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        self._clock.threads += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._clock.threads -= 1

    def _thread_done(self, _: Future[Any]) -> None:
        self._clock.threads -= 1


def real_loop() -> AbstractEventLoop:
    """Return the loop that production uses."""
    return asyncio.SelectorEventLoop()
