"""Processes by what ``/proc`` says of them (proc(5)). What has just ended is not there."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_GONE = (FileNotFoundError, ProcessLookupError)
_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """Return a process and all that it and its own have started, parents first."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(*_GONE):
            for child in task.read_text().split():
                found += family(int(child))
    return found


def title(pid: int) -> str:
    """Return the command line of a process; empty if it is gone."""
    with suppress(*_GONE):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ").strip()
    return ""


def those_of(match: Callable[[str], bool], pids: list[int]) -> list[int]:
    """Return the processes among ``pids`` whose command line matches."""
    return [pid for pid in pids if match(title(pid))]


def alive(pid: int) -> bool:
    """Return whether a process runs, or could."""
    with suppress(*_GONE):
        return _fields(pid)[0] not in "ZX"
    return False


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used; 0 if it is gone."""
    with suppress(*_GONE):
        fields = _fields(pid)
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return 0.0


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process, in units of 1,000,000 bytes; 0 if it is gone."""
    with suppress(*_GONE):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return 0.0


def _fields(pid: int) -> list[str]:
    # From field 3 of proc_pid_stat(5) on; the second one, a name, may hold blanks.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
