"""The limit on heaps, in a process that has made no thread yet."""

import subprocess
import sys

import pytest

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


@pytest.mark.skipif(sys.platform != "linux", reason="the heaps are glibc's")
def test_threads_share_two_heaps() -> None:
    assert heaps("shared") == 2
    assert heaps("left alone") > 2
