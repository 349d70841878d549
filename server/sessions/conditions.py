"""When a bad condition becomes a warning, and when it is over. No asyncio, no clock."""

from collections.abc import Iterable


class Conditions:
    """Hysteresis: a condition warns after ``on`` seconds and is over after ``off`` seconds without.

    Without it a face that leaves the picture for one frame would blink on every screen.
    """

    def __init__(self, on: float = 2.0, off: float = 1.0) -> None:
        """Start with no condition."""
        self._on = on
        self._off = off
        self._since: dict[str, float] = {}
        self._seen: dict[str, float] = {}
        self._active: set[str] = set()

    @property
    def active(self) -> list[str]:
        """What warns at present."""
        return sorted(self._active)

    def recall(self, active: Iterable[str], now: float) -> None:
        """Go on with what warned elsewhere, as if it was seen at ``now``."""
        for code in active:
            self._since[code] = self._seen[code] = now
            self._active.add(code)

    def update(self, present: set[str], now: float) -> list[tuple[str, bool]]:
        """Note what is present at ``now``; return the warnings that begin or end, by code."""
        changes: list[tuple[str, bool]] = []
        for code in present:
            self._since.setdefault(code, now)
            self._seen[code] = now
            if code not in self._active and now - self._since[code] >= self._on:
                self._active.add(code)
                changes.append((code, True))
        for code in sorted(self._since.keys() - present):
            if now - self._seen[code] < self._off:
                continue
            del self._since[code], self._seen[code]
            if code in self._active:
                self._active.remove(code)
                changes.append((code, False))
        return sorted(changes)
