"""Which lost packets of a picture to ask for again, and when. No asyncio, no clock, no aiortc.

aiortc 1.16 asks for a lost packet when it notices it, and then only when it notices a further
loss. Where that request or what answers it is lost too, no picture is decoded until then: the more
seldom packets are lost, the longer. Here each is asked for again every ``AGAIN_SECONDS``, and no
oftener: aiortc repeats, with each new loss, its requests for all packets that are still missing.
"""

from collections.abc import Callable
from typing import Protocol

AGAIN_SECONDS = 0.1
MAX_REQUESTS = 10
"""libwebrtc's numbers (``nack_requester.cc``), where a path's round-trip time is not known."""

HISTORY = 128
"""Packets behind the newest one that may be asked for: as many as an aiortc sender keeps."""

_HALF = 1 << 15
_MASK = (1 << 16) - 1

MAX_MISSING = HISTORY // 4
"""With more of them missing the path is too narrow: what is sent again would push out the sound."""


class LostPackets:
    """The lost packets of one track, by sequence number (16 bits, RFC 3550, section 5.1)."""

    def __init__(self) -> None:
        """Begin before the first packet."""
        self._newest: int | None = None
        self._requests: dict[int, tuple[int, float]] = {}
        """How often a lost packet was asked for, and when last; in the order of sending."""

    def add(self, number: int, now: float) -> list[int]:
        """Note that packet ``number`` has come; return which to ask for at ``now``, in seconds."""
        if self._newest is None:
            self._newest = number
        ahead = (number - self._newest) & _MASK
        if ahead < _HALF:
            for behind in range(min(ahead, HISTORY + 1) - 1, 0, -1):
                self._requests[(number - behind) & _MASK] = 0, float("-inf")
            self._newest = number
        else:
            self._requests.pop(number, None)
        self._forget()
        return self._due(now)

    def _forget(self) -> None:
        assert self._newest is not None
        oldest = self._newest - HISTORY
        for number in [n for n in self._requests if (n - oldest) & _MASK >= _HALF]:
            del self._requests[number]

    def _due(self, now: float) -> list[int]:
        if len(self._requests) > MAX_MISSING:
            return []
        due = []
        for number, (times, last) in self._requests.items():
            if times < MAX_REQUESTS and now - last >= AGAIN_SECONDS:
                due.append(number)
                self._requests[number] = times + 1, now
        return due


class Numbered(Protocol):
    """What is needed of aiortc's packets."""

    sequence_number: int


class Requests:
    """Stands in for aiortc's ``NackGenerator``, which is given every packet of a track."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the time from ``clock``, in seconds."""
        self.missing: list[int] = []
        """What the last packet has one ask for."""
        self._lost = LostPackets()
        self._clock = clock

    def add(self, packet: Numbered) -> bool:
        """Take a packet in; return whether anything is to be asked for."""
        self.missing = self._lost.add(packet.sequence_number, self._clock())
        return bool(self.missing)
