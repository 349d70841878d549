"""What the tracks of a peer have brought. No asyncio, no clock, no aiortc."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reception:
    """Counts of one track; ``jitter`` is its interarrival jitter in seconds (RFC 3550)."""

    packets: int = 0
    packets_lost: int = 0
    frames: int = 0
    """Encoded frames, whole."""
    decoded: int = 0
    broken: int = 0
    jitter: float = 0.0


class Intake:
    """Turns the counts of one peer's tracks into what has come since the last look."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._seen: dict[str, Reception] = {}

    def look(self, kind: str, now: Reception) -> Reception:
        """Return how much the track of a kind has brought since it was last looked at."""
        seen = self._seen.get(kind, Reception())
        # A packet that was given up may come after all: then fewer are lost than before.
        lost = max(now.packets_lost, seen.packets_lost)
        self._seen[kind] = Reception(
            now.packets, lost, now.frames, now.decoded, now.broken, now.jitter
        )
        return Reception(
            now.packets - seen.packets,
            lost - seen.packets_lost,
            now.frames - seen.frames,
            now.decoded - seen.decoded,
            now.broken - seen.broken,
            now.jitter,
        )
