"""Does a scenario's faults at their times, and counts what each of them cost."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from esapr.load_tests.chaos.faults import FAULTS
from esapr.load_tests.chaos.system import System
from esapr.load_tests.scenario import Fault


@dataclass(frozen=True, slots=True)
class Done:
    """A fault that was done, ``at_seconds`` on the run's clock."""

    kind: str
    at_seconds: float
    note: str
    """What was done to which process."""


async def unleash(
    faults: Sequence[Fault], system: System, clock: Callable[[], float]
) -> list[Done]:
    """Do each fault at its time, by ``clock``; one that lasts holds up those behind it.

    Whatever is done is mended when this returns or is cancelled.

    Raises:
        FaultError: ``system`` lacks what a fault needs.
    """
    done = []
    for fault in sorted(faults, key=lambda each: each.at_seconds):
        await asyncio.sleep(fault.at_seconds - clock())
        at = clock()
        done.append(Done(fault.kind, at, await FAULTS[fault.kind](system)))
    return done
