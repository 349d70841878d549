"""The C library's heaps."""

import asyncio
import ctypes

M_ARENA_MAX = -8
"""From glibc's ``malloc.h``."""

MOST_HEAPS = 2

TRIM_SECONDS = 60.0
"""How often what has been freed is given back to the system."""


def share_heaps() -> None:
    """Have all threads allocate from two heaps; call before any thread starts.

    Left alone, glibc gives each new thread another heap, up to eight a core, and what decoders of
    one session have freed is of no use to the next session's. Other C libraries have no such
    setting, and no such heaps.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, MOST_HEAPS)


async def keep_trimmed() -> None:
    """Give the system back what sessions that are over have freed, until cancelled.

    glibc keeps free memory below the highest block in use, so that a server would stay as large as
    its busiest minute had made it.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim is not None:
        await asyncio.sleep(TRIM_SECONDS)
        await asyncio.to_thread(trim, 0)
