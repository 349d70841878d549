"""When a face turns to another class: what was heard or read before it speaks of what is over.

A face shows a change at once, a window of sound is seconds long and a line lingers. So once a face
turns, other evidence counts by the share of its interval that lies after the turn.
"""

from collections.abc import Iterable
from math import inf

import numpy as np

from esapr.inference.signals import ModalityScore

PICTURES = 3
"""So many pictures say what a face shows, the newest ones."""

RECENT = 1.0
"""Seconds past which a picture is not looked at."""

SURE = 0.5
"""Probability from which a face shows a class."""


class Turning:
    """Notices when one person's face has turned, from pictures."""

    def __init__(self) -> None:
        """Start without a face."""
        self.shows: int | None = None
        """The class that the face showed last, if it was sure of one."""
        self.since = -inf
        """When it turned to that from another one."""

    def look(self, pictures: Iterable[ModalityScore], now: float) -> None:
        """Look at scores of pictures; call at growing times."""
        recent = sorted(
            (each for each in pictures if now - each.end <= RECENT), key=lambda each: each.end
        )
        if len(recent) < PICTURES:
            return
        mean = np.mean([each.probs for each in recent[-PICTURES:]], axis=0)
        shows = int(mean.argmax())
        if mean[shows] < SURE or shows == self.shows:
            return
        if self.shows is not None:
            self.since = _beginning(recent, shows)
        self.shows = shows

    def left(self, score: ModalityScore) -> float:
        """Return the share of a score's interval after the turn; of a moment, all or none."""
        after = score.end - self.since
        length = score.end - score.start
        if length <= 0:
            return 1.0 if after >= 0 else 0.0
        return min(1.0, max(0.0, after / length))


def _beginning(recent: list[ModalityScore], shows: int) -> float:
    """Return when the pictures began to show a class that the newest ones show."""
    at = recent[-1].end
    for each in reversed(recent):
        if int(each.probs.argmax()) != shows:
            break
        at = each.end
    return at
