"""Does a scenario's faults at their times."""

import asyncio
from collections.abc import Callable, Sequence

from esapr.load_tests.chaos.cost import Done
from esapr.load_tests.chaos.faults import FAULTS
from esapr.load_tests.chaos.system import System
from esapr.load_tests.scenario import Fault

CALM_SECONDS = 20.0
"""Before the first of several faults in turn, and between two of them."""


def in_turn(kinds: Sequence[str], after: float) -> list[Fault]:
    """Return ``kinds`` one after the other, ``after`` so many seconds of the run's clock."""
    return [Fault(kind, after + CALM_SECONDS * n) for n, kind in enumerate(kinds, start=1)]


async def unleash(
    faults: Sequence[Fault], system: System, clock: Callable[[], float], done: list[Done]
) -> None:
    """Do each fault at its time, by ``clock``, and add to ``done`` what was done.

    One that lasts holds up those behind it. Whatever is done is mended when this returns or is
    cancelled.

    Raises:
        FaultError: ``system`` lacks what a fault needs.
    """
    for fault in sorted(faults, key=lambda each: each.at_seconds):
        await asyncio.sleep(fault.at_seconds - clock())
        at = clock()
        done.append(Done(fault.kind, at, await FAULTS[fault.kind](system)))
