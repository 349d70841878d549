"""Signals to processes that may be gone already."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from signal import Signals

from esapr.load_tests.process_tree import alive

GONE_SECONDS = 20.0


def send(number: Signals, pids: Sequence[int]) -> None:
    """Send a signal to each of ``pids`` that is there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def until_gone(pids: Sequence[int]) -> None:
    """Block until all of ``pids`` have ended.

    Raises:
        TimeoutError: one is still there after 20 s.
    """
    deadline = time.monotonic() + GONE_SECONDS
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            raise TimeoutError(f"of {list(pids)} one does not end")
        time.sleep(0.01)
