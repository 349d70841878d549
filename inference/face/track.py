"""Which face is followed from frame to frame, and when the detector is needed at all."""

import math
from collections.abc import Sequence

from esapr.inference.face.align import LANDMARK_REGION, Region
from esapr.inference.face.detect import Detection

DETECT_EVERY = 2.0
"""Seconds after which a followed face is looked for again: tracks can slide off a face."""
SAME_FACE = 0.5
"""Centres closer than this share of the larger square's side belong to one face."""
MARGINS = (0.0, 0.25)
"""Free edges of the detector's picture, tried in turn while no face is found."""


class FaceTrack:
    """Follows one face: the largest when it begins, then the same one while it stays in view.

    Landmarks place the next frame's region, as in mediapipe's face mesh, so that most frames
    need no detector.
    """

    def __init__(self) -> None:
        """Begin without a face."""
        self._region: Region | None = None
        self._detected_at = float("-inf")
        self._misses = 0

    @property
    def margin(self) -> float:
        """Free edge for the next detector picture: a close face is only found when drawn small."""
        return MARGINS[self._misses % len(MARGINS)]

    def region(self, now: float) -> Region | None:
        """Return the landmark region of the followed face, or None if the detector must run."""
        if now - self._detected_at >= DETECT_EVERY:
            return None
        return self._region

    def detected(self, found: Sequence[Detection], now: float) -> Region | None:
        """Choose among detections, largest first; return the region to look for landmarks in.

        A detector that misses a followed face does not end the track: landmarks decide that.
        """
        self._detected_at = now
        if not found:
            self._misses += 1
            return self._region
        self._misses = 0
        self._region = self._followed(found).face.scaled(LANDMARK_REGION)
        return self._region

    def seen(self, mesh: Region | None) -> None:
        """Follow the square around the landmarks to the next frame, or give the face up."""
        self._region = mesh.scaled(LANDMARK_REGION) if mesh else None
        if self._region is None:
            self._detected_at = float("-inf")

    def _followed(self, found: Sequence[Detection]) -> Detection:
        current = self._region
        if current is None:
            return found[0]
        return next((d for d in found if _same_face(d.face, current)), found[0])


def _same_face(face: Region, region: Region) -> bool:
    distance = math.hypot(face.x - region.x, face.y - region.y)
    return distance < SAME_FACE * max(face.side, region.side)
