"""Cuts what one person says into utterances, from windows of sound. No clock, no I/O.

Policy: an utterance begins with the second in which speech is heard, ends with the first second
without any, and is cut after nine: speech recognition hears ten at a time. Where a window is
missing, what was collected ends there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE, AudioWindow
from esapr.inference.voice.activity import Speech

MOST_SECONDS = 9

_LEAD = SAMPLE_RATE // 2
"""Samples from before the second in which speech began."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Float32 mono samples at 16 kHz that end at ``at`` on the session clock (seconds)."""

    at: float
    samples: NDArray[np.float32]


class Utterances:
    """What one person is saying."""

    def __init__(self) -> None:
        """Begin with silence."""
        self._pieces: list[NDArray[np.float32]] = []
        self._at = 0.0

    def add(self, window: AudioWindow, speech: Speech | None) -> list[Utterance]:
        """Take in a window that ends a second after the last one; return what it completes."""
        ended = []
        if self._pieces and abs(window.at - self._at - 1.0) > 0.1:
            ended.append(self._end())
        if speech is not None and speech.recent_ms:
            lead = 0 if self._pieces else _LEAD
            self._pieces.append(window.samples[-SAMPLE_RATE - lead :])
            self._at = window.at
            if len(self._pieces) == MOST_SECONDS:
                ended.append(self._end())
        elif self._pieces:
            ended.append(self._end())
        return ended

    def rest(self) -> list[Utterance]:
        """Return what is still being said: nothing more comes."""
        return [self._end()] if self._pieces else []

    def _end(self) -> Utterance:
        pieces, self._pieces = self._pieces, []
        return Utterance(self._at, np.concatenate(pieces))
