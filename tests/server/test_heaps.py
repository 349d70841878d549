"""How many heaps there are, and what happens to what was freed in them."""

import asyncio
import ctypes
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from esapr.server.heaps import TRIM_SECONDS, keep_trimmed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the heaps are glibc's")

# Each thread keeps a megabyte in small pieces, and then says how many heaps there are.
COUNT_HEAPS = """
import ctypes, io, re, sys, threading
from esapr.server.heaps import share_heaps
if sys.argv[1] == "shared":
    share_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(8)
def fill():
    together.wait()
    for _ in range(1000):
        libc.malloc(1000)
    together.wait()
threads = [threading.Thread(target=fill) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.malloc_stats()
"""


def heaps(way: str) -> int:
    run = subprocess.run(
        [sys.executable, "-c", COUNT_HEAPS, way], capture_output=True, text=True, check=True
    )
    return run.stderr.count("Arena ")


def test_threads_share_two_heaps() -> None:
    assert heaps("shared") == 2
    assert heaps("left alone") > 2


PIECE, PIECES = 60_000, 2_000
SIZE = PIECE * PIECES


def resident() -> int:
    """The memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def test_what_has_been_freed_below_a_block_in_use_is_given_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    *lower, highest = sorted(libc.malloc(PIECE) for _ in range(PIECES))
    for block in (*lower, highest):
        libc.memset(ctypes.c_void_p(block), 1, ctypes.c_size_t(PIECE))
    for block in lower:
        libc.free(ctypes.c_void_p(block))
    before = resident()

    with suppress(TimeoutError):
        async with asyncio.timeout(1.5 * TRIM_SECONDS):
            await keep_trimmed()

    libc.free(ctypes.c_void_p(highest))
    assert resident() < before - 0.8 * SIZE
