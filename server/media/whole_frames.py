"""All encoded frames that a packet completes. No asyncio, no clock, no aiortc.

aiortc's jitter buffer hands over one frame a packet. Behind a packet that came late, others wait;
where a frame has few packets, those are worked off slowly, and with one packet a frame never: the
picture would stay behind by all of them for the rest of the session.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_MASK = (1 << 32) - 1


@dataclass(slots=True)
class Encoded:
    """One encoded frame, as aiortc's decoders take it, and those that were completed with it."""

    data: bytes
    timestamp: int
    """RTP ticks; of a frame behind another one: how many later it is."""
    behind: Sequence["Encoded"] = ()


class WholeFrames:
    """Stands in for the jitter buffer of aiortc 1.16 that it takes its frames from."""

    def __init__(self, buffer: Any) -> None:
        """Put packets in order with ``buffer``, an ``aiortc.jitterbuffer.JitterBuffer``."""
        self._buffer = buffer

    def add(self, packet: Any) -> tuple[bool, Encoded | None]:
        """Return whether a key frame must be asked for, and what ``packet`` completes."""
        broken, first = self._buffer.add(packet)
        if first is None:
            return broken, None
        behind = list(self._behind(first.timestamp, packet.sequence_number))
        return broken, Encoded(first.data, first.timestamp, behind)

    def _behind(self, since: int, number: int) -> Iterator[Encoded]:
        while (frame := self._buffer._remove_frame(number)) is not None:
            yield Encoded(frame.data, (frame.timestamp - since) & _MASK)
