"""Cuts a stream of samples into overlapping windows. No clock, no I/O.

Policy: a window of three seconds ends at each hop. What is missing is zeros: the time before the
stream began and packets that were lost. Samples that come late, for a time already filled, are
dropped. After a gap as long as a window nothing old is left, and the buffer starts anew.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE, AudioWindow

WINDOW_SECONDS = 3.0
WINDOW = int(WINDOW_SECONDS * SAMPLE_RATE)

JITTER_SECONDS = 0.02
"""Time stamps this close to where the stream stands count as contiguous: one Opus frame."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push brought about.

    ``missing`` samples were filled with zeros (or skipped, after a long gap); ``late`` samples
    were dropped.
    """

    windows: tuple[AudioWindow, ...] = ()
    missing: int = 0
    late: int = 0


class WindowBuffer:
    """The last window of one stream, float32 mono at 16 kHz."""

    def __init__(self, *, hop: float = 1.0, phase: float = 0.0) -> None:
        """Emit a window each ``hop`` seconds of stream, at times that are ``phase`` past a hop.

        The phase places windows shortly before the states that are made of them.

        Raises:
            ValueError: the hop is shorter than a sample.
        """
        self._hop = round(hop * SAMPLE_RATE)
        self._phase = round(phase * SAMPLE_RATE)
        if self._hop < 1:
            raise ValueError(f"hop must be at least one sample, got {hop} s")
        # A window, and behind it the hop that is being filled.
        self._held = np.zeros(WINDOW + self._hop, np.float32)
        self._filled = WINDOW
        self._origin = 0.0
        self._received = 0

    def push(self, samples: NDArray[np.float32], at: float) -> Pushed:
        """Append ``samples``, the first of which was captured at ``at`` (seconds).

        Args:
            samples: float32 ``[N]`` in [-1, 1]; any length.
            at: session time of the first sample.
        """
        if not self._received:
            self._begin(at)
        expected = self._origin + self._received / SAMPLE_RATE
        gap = round((at - expected) * SAMPLE_RATE)
        if abs(gap) <= JITTER_SECONDS * SAMPLE_RATE:
            return Pushed(tuple(self._append(samples)))
        if gap < 0:
            late = min(-gap, len(samples))
            return Pushed(tuple(self._append(samples[late:])), late=late)
        if gap >= WINDOW:
            self._restart(at)
            return Pushed(tuple(self._append(samples)), missing=gap)
        silence = np.zeros(gap, np.float32)
        return Pushed((*self._append(silence), *self._append(samples)), missing=gap)

    def _append(self, samples: NDArray[np.float32]) -> list[AudioWindow]:
        windows = []
        while len(samples):
            room = len(self._held) - self._filled
            taken, samples = samples[:room], samples[room:]
            self._held[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            self._received += len(taken)
            if self._filled == len(self._held):
                windows.append(self._emit())
        return windows

    def _emit(self) -> AudioWindow:
        window = self._held[self._hop :].copy()
        self._held[:WINDOW] = window
        self._filled = WINDOW
        return AudioWindow(self._origin + self._received / SAMPLE_RATE, window)

    def _begin(self, at: float) -> None:
        """Start a stream at ``at``; silence before it shortens the way to the first window."""
        self._origin = at
        self._filled = WINDOW + (round(at * SAMPLE_RATE) - self._phase) % self._hop

    def _restart(self, at: float) -> None:
        self._held[:] = 0.0
        self._received = 0
        self._begin(at)
