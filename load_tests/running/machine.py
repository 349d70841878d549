"""What a run is measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from esapr.load_tests.result import Machine


def this_machine() -> Machine:
    """Return the machine that this process runs on."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_mb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6,
        python=platform.python_version(),
        esapr=version("esapr"),
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
