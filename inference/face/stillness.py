"""Which pictures show what the last analysed one showed. No clock, no I/O.

Between two pictures of a still face nothing changes that a network could see, so the second one
need not be run: the first one's score holds for it too. What decides is the largest change of
brightness in any cell of a grid over the face, so that eyelids that close count as much as a head
that turns; averaging over a cell takes out the camera's noise. Light that changes, or a face that
leaves, changes cells as well, and is looked at.

What it saves and what it costs: ``python -m esapr.load_tests.bench.stillness CLIP ...``.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import Box, FaceDetails, ModalityScore, VideoFrame

GRID = 12
"""Cells along each side of the face: an eye is about two wide and one high."""
CHANGE = 18.0
"""Levels of brightness, of 255, that a cell may change by."""
LONGEST = 0.5
"""Seconds after which a picture is analysed whatever it shows."""


class Stillness:
    """Compares one session's pictures with the last one that was analysed."""

    def __init__(self) -> None:
        """Begin without one."""
        self._score: ModalityScore | None = None
        self._until = float("-inf")

    def analysed(self, frame: VideoFrame, score: ModalityScore | None) -> None:
        """Note what ``frame`` showed; where that is no face, nothing is like it."""
        self._score = score
        if score is not None and isinstance(score.details, FaceDetails):
            self._box = score.details.box
            self._cells = _cells(frame.rgb, self._box)
            self._until = frame.at + LONGEST

    def repeated(self, frame: VideoFrame) -> ModalityScore | None:
        """Return the score that holds for ``frame`` too, or None if it has to be analysed."""
        if self._score is None or frame.at >= self._until:
            return None
        if np.abs(_cells(frame.rgb, self._box) - self._cells).max() > CHANGE:
            return None
        return replace(self._score, start=frame.at, end=frame.at, queue_ms=0.0, infer_ms=0.0)


def _cells(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
    """Return the mean green, the most of brightness, of each cell of the box: ``[12, 12]``."""
    height, width = rgb.shape[:2]
    left, right = _span(box.left, box.width, width)
    top, bottom = _span(box.top, box.height, height)
    green = np.ascontiguousarray(rgb[top:bottom, left:right, 1])
    cells = cv2.resize(green, (GRID, GRID), interpolation=cv2.INTER_AREA)
    return cells.astype(np.float32)


def _span(start: float, length: float, pixels: int) -> tuple[int, int]:
    """Return the pixels of a span of fractions, one at least, within the picture."""
    first = min(max(int(start * pixels), 0), pixels - 1)
    return first, max(first + 1, min(int((start + length) * pixels), pixels))
