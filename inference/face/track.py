"""Which face is followed from frame to frame, and when the detector is needed at all."""

import math
from collections.abc import Sequence

from esapr.inference.face.align import LANDMARK_REGION, Region
from esapr.inference.face.detect import Detection

DETECT_EVERY = 2.0
"""Seconds after which a followed face is looked for again: tracks can slide off a face."""
SAME_FACE = 0.5
"""Centres closer than this share of the larger square's side belong to one face."""
SAME_PERSON = 2.0
"""Seconds within which a face that comes back to its place counts as the one that was there."""
MARGINS = (0.0, 0.25)
"""Free edges of the detector's picture, tried in turn while no face is found."""


class FaceTrack:
    """Follows one face while it stays in view, at first the largest and most central one.

    ``faces`` is how many the detector found last. ``number`` counts the faces that were followed:
    it changes when another one may be somebody else. Landmarks place the next frame's region, as
    in mediapipe's face mesh, so that most frames need no detector.
    """

    def __init__(self) -> None:
        """Begin without a face."""
        self._region: Region | None = None
        self._detected_at = float("-inf")
        self._misses = 0
        self._last: tuple[Region, float] | None = None
        self.faces = 0
        self.number = 0

    @property
    def margin(self) -> float:
        """Free edge for the next detector picture: a close face is only found when drawn small."""
        return MARGINS[self._misses % len(MARGINS)]

    def region(self, now: float) -> Region | None:
        """Return the landmark region of the followed face, or None if the detector must run."""
        if now - self._detected_at >= DETECT_EVERY:
            return None
        return self._region

    def detected(
        self, found: Sequence[Detection], now: float, size: tuple[int, int]
    ) -> Region | None:
        """Choose among the detections in a frame; return the region to look for landmarks in.

        ``size`` is the frame's width and height in pixels. A detector that misses a followed face
        does not end the track: landmarks decide that.
        """
        self._detected_at = now
        self.faces = len(found)
        if not found:
            self._misses += 1
            return self._region
        self._misses = 0
        face = self._followed(found, size)
        if not self._is_known(face, now):
            self.number += 1
        self._region = face.scaled(LANDMARK_REGION)
        return self._region

    def seen(self, mesh: Region | None, now: float) -> None:
        """Follow the square around the landmarks to the next frame, or give the face up."""
        self._region = mesh.scaled(LANDMARK_REGION) if mesh else None
        if self._region is None:
            self._detected_at = float("-inf")
        else:
            self._last = (self._region, now)

    def _followed(self, found: Sequence[Detection], size: tuple[int, int]) -> Region:
        faces = [each.face for each in found]
        same = (face for face in faces if self._region and _same_face(face, self._region))
        return next(same, max(faces, key=lambda face: _prominence(face, size)))

    def _is_known(self, face: Region, now: float) -> bool:
        if self._last is None:
            return False
        region, seen_at = self._last
        return now - seen_at < SAME_PERSON and _same_face(face, region)


def _prominence(face: Region, size: tuple[int, int]) -> float:
    """Return a face's side, none of it in a corner of the frame and all of it in the middle."""
    width, height = size
    away = math.hypot(face.x - width / 2, face.y - height / 2)
    return face.side * (1 - away / math.hypot(width / 2, height / 2))


def _same_face(face: Region, region: Region) -> bool:
    distance = math.hypot(face.x - region.x, face.y - region.y)
    return distance < SAME_FACE * max(face.side, region.side)
