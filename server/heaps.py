"""The C library's heaps."""

import ctypes

M_ARENA_MAX = -8
"""From glibc's ``malloc.h``."""

MOST_HEAPS = 2


def share_heaps() -> None:
    """Have all threads allocate from two heaps; call before any thread starts.

    Left alone, glibc gives each new thread another heap, up to eight a core, and what decoders of
    one session have freed is of no use to the next session's. Other C libraries have no such
    setting, and no such heaps.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, MOST_HEAPS)
