"""What outlives the gateway of a session. No asyncio, no clock."""

from math import ceil

from msgspec import Struct
from msgspec import field as struct_field

from esapr.inference.memory import BlinkMemory, FusionMemory
from esapr.inference.text.traits import TraitMemory
from esapr.protocol.messages import Totals
from esapr.protocol.requests import Modality, SessionRequest
from esapr.server.support.aftercare import Shown

RESERVED_SECONDS = 3_600.0
"""For so long a gateway that is cut off may go on after a snapshot, without a number that the one
which has taken over gives, too."""


class AnalysisMemory(Struct, frozen=True):
    """What the analysis goes on from."""

    muted: list[Modality]
    paused: bool
    fusion: FusionMemory
    blinks: BlinkMemory
    traits: TraitMemory | None = None
    baseline: dict[str, list[float]] = struct_field(default_factory=dict)


class OutletMemory(Struct, frozen=True):
    """Events and warnings that have begun and not ended; when help lines were named last; sums."""

    events: list[str]
    warnings: list[str]
    supported_at: float | None = None
    shown: Shown = struct_field(default_factory=Shown)


class Snapshot(Struct, frozen=True):
    """Enough to go on with a session elsewhere; no frame, sound or text.

    ``holder`` is the name of the key that opened it, or empty; ``opened`` is in seconds of Unix
    time. States from ``next_seq`` on have not been made.
    """

    session: str
    holder: str
    request: SessionRequest
    opened: float
    next_seq: int
    totals: Totals
    locked: bool
    analysis: AnalysisMemory
    outlet: OutletMemory


def margin(tick_ms: int) -> int:
    """Return how many states may be made after a snapshot that is the last one."""
    return ceil(RESERVED_SECONDS * 1000 / tick_ms)
