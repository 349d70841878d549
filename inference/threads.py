"""Threads that are replaced when they die.

A batch that raises what is no ``Exception`` (SystemExit) ends its thread: that batch fails with
:class:`WorkerDiedError` and a new thread takes the place. A ``ThreadPoolExecutor`` would hand such
an error to the event loop, which ends with it.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from threading import Condition, Thread, current_thread
from typing import Any, ParamSpec, TypeVar

from esapr.inference.cards import ModelError

P = ParamSpec("P")
T = TypeVar("T")

FAILURES = 3
"""Calls that fail one after the other until a device is taken out and prepared anew."""

RETRY_SECONDS = 1.0
"""Pause after a device could not be prepared."""


class WorkerDiedError(Exception):
    """The worker died with the batch, or none is there; another attempt may succeed."""


@dataclass(slots=True, eq=False)
class _Job:
    call: Callable[[], Any]
    answer: Future[Any] = field(default_factory=Future)

    def run(self) -> bool:
        """Run the call and answer it; return whether it succeeded."""
        if not self.answer.set_running_or_notify_cancel():
            return True
        try:
            result = self.call()
        except Exception as error:
            # Handed to whoever awaits it. What is no Exception ends the thread.
            self.answer.set_exception(error)
            return False
        self.answer.set_result(result)
        return True


class DeviceThreads(Executor):
    """``size`` threads that share the processor, or one thread that has a GPU.

    With ``prepare``, a thread that replaces another one calls it first, and again every
    :data:`RETRY_SECONDS` while it raises ModelError or OSError; :data:`FAILURES` failed calls in a
    row end a thread. Until the device is prepared it is :attr:`out` and calls fail at once.
    """

    def __init__(
        self,
        size: int,
        name: str,
        on_restart: Callable[[], None],
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """Start no thread before :meth:`start`; a thread that dies calls ``on_restart``."""
        self.out = False
        self._size = size
        self._name = name
        self._on_restart = on_restart
        self._prepare = prepare
        self._changed = Condition()
        self._waiting: deque[_Job] = deque()
        self._threads: set[Thread] = set()
        self._stopping = False

    def start(self) -> None:
        """Start the threads."""
        with self._changed:
            for _ in range(self._size):
                self._start(fresh=True)

    def stop(self) -> None:
        """Cancel what waits, let what runs end, and end the threads."""
        with self._changed:
            self._stopping = True
            threads = list(self._threads)
            waiting = self._take_all()
            self._changed.notify_all()
        for job in waiting:
            job.answer.cancel()
        for thread in threads:
            thread.join()

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call; it fails with :class:`WorkerDiedError` while the device is out."""
        job = _Job(partial(call, *args, **kwargs))
        with self._changed:
            ready = not self.out
            if ready:
                self._waiting.append(job)
                self._changed.notify()
        if not ready:
            job.answer.set_exception(WorkerDiedError(f"{self._name} is out"))
        return job.answer

    def _start(self, *, fresh: bool) -> None:
        thread = Thread(target=self._live, args=(fresh,), name=self._name, daemon=True)
        self._threads.add(thread)
        thread.start()

    def _live(self, fresh: bool) -> None:
        """Serve until told to stop; whatever else ends this thread, another one replaces it."""
        mine: list[_Job] = []
        told_to_stop = False
        try:
            if not fresh:
                self._make_ready()
            told_to_stop = self._serve(mine)
        finally:
            if not told_to_stop:
                self._replace(mine)

    def _make_ready(self) -> None:
        while self._prepare is not None:
            try:
                self._prepare()
                break
            except (ModelError, OSError):
                with self._changed:
                    if self._changed.wait_for(lambda: self._stopping, RETRY_SECONDS):
                        break
        self.out = False

    def _serve(self, mine: list[_Job]) -> bool:
        """Run calls; return True if told to stop, False if the device seems to be broken."""
        failures = 0
        while self._take(mine):
            failures = 0 if mine[0].run() else failures + 1
            mine.clear()
            if self._prepare is not None and failures == FAILURES:
                return False
        return True

    def _take(self, mine: list[_Job]) -> bool:
        """Wait for a call and note it in ``mine``; return False if told to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            if not self._waiting:
                return False
            mine.append(self._waiting.popleft())
            return True

    def _replace(self, mine: list[_Job]) -> None:
        with self._changed:
            self._threads.discard(current_thread())
            stopping = self._stopping
            if self._prepare is not None:
                self.out = True
                mine += self._take_all()
            if not stopping:
                self._start(fresh=False)
        for job in mine:
            if not job.answer.done():
                job.answer.set_exception(WorkerDiedError(f"{self._name} died"))
        if not stopping:
            self._on_restart()

    def _take_all(self) -> list[_Job]:
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting
