"""How much of a session is analysed while the server is busy. No asyncio, no clock."""

from dataclasses import dataclass
from typing import get_args

from esapr.protocol.messages import Level

LEVELS: tuple[Level, ...] = get_args(Level)
"""From everything to the least."""

STRAIN = 0.25
"""Share of an interval's items that is dropped above which the server is too busy."""

PATIENCE = 1.0
"""Seconds of strain before the level falls by one: a hiccup costs a picture, not the level."""

CALM = 5.0
"""Seconds without a drop before it rises by one, doubled each time that was too early."""

LONGEST_CALM = 60.0


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts of the pictures and of the windows of sound that are analysed."""

    pictures: float
    windows: float


SHARES: dict[Level, Shares] = {
    "full": Shares(1.0, 1.0),
    "reduced": Shares(0.5, 1.0),
    "minimal": Shares(0.2, 0.5),
}
"""A picture tells less that is new than a window of sound, so pictures go first. Lines of text are
never left out."""


class LevelControl:
    """Steps down while items are dropped, and carefully up again.

    A level that is raised and soon falls again was raised too early: then the next rise takes twice
    as long, so that a server at its limit does not swing between two levels.
    """

    def __init__(self) -> None:
        """Begin with everything."""
        self.level: Level = "full"
        self._strained_since: float | None = None
        self._calm_since = 0.0
        self._calm = CALM
        self._raised = float("-inf")

    def update(self, strain: float, now: float) -> Level:
        """Return the level from ``now`` on.

        ``strain`` is the share of the last interval's items that was dropped; ``now`` grows.
        """
        if strain > 0:
            self._calm_since = now
        if strain <= STRAIN:
            self._strained_since = None
        elif self._strained_since is None:
            self._strained_since = now
        elif now - self._strained_since >= PATIENCE:
            self._lower(now)
        if self.level != "full" and now - self._calm_since >= self._calm:
            self._step(-1, now)
            self._raised = now
        return self.level

    def _lower(self, now: float) -> None:
        if now - self._raised < self._calm:
            self._calm = min(2 * self._calm, LONGEST_CALM)
        elif self.level == "full":
            self._calm = CALM
        self._strained_since = now
        self._step(+1, now)

    def _step(self, by: int, now: float) -> None:
        place = LEVELS.index(self.level) + by
        self.level = LEVELS[min(place, len(LEVELS) - 1)]
        self._calm_since = now


class Thinning:
    """Picks a share of the items of a stream, evenly."""

    def __init__(self) -> None:
        """Begin with an item that is picked."""
        self._sum = 1.0

    def picks(self, share: float) -> bool:
        """Return whether the next item is among the ``share`` that is picked."""
        self._sum = min(self._sum, 1.0) + share
        if self._sum < 1.0:
            return False
        self._sum -= 1.0
        return True
