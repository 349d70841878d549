"""What outlives the gateway of a session. No asyncio, no clock."""

from math import ceil

from msgspec import Struct

from esapr.protocol.messages import Totals
from esapr.protocol.requests import Modality, SessionRequest

RESERVED_SECONDS = 6.0
"""A gateway may go on for so long after a snapshot: until the next one, or its lease's end."""


class Snapshot(Struct, frozen=True):
    """Enough to go on with a session elsewhere; no frame, sound, text or score.

    ``holder`` is the name of the key that opened it, or empty; ``opened`` is in seconds of Unix
    time. States from ``next_seq`` on have not been made.
    """

    session: str
    holder: str
    request: SessionRequest
    opened: float
    next_seq: int
    totals: Totals
    muted: list[Modality]
    locked: bool
    paused: bool = False


def margin(tick_ms: int) -> int:
    """Return how many states may be made after a snapshot that is the last one."""
    return ceil(RESERVED_SECONDS * 1000 / tick_ms)
