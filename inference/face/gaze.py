"""Where an eye looks, from its iris, its corners and the turn of the head. No clock, no I/O.

The eye is a ball, and its iris is as wide in nearly everybody: that says how many pixels a
millimetre is (Ablavatski et al. 2020, arXiv:2006.11341). The middle between the corners of the eye
and the turn of the head place the ball's centre; the iris lies where the eye looks from there, as
in Wood & Bulling 2014, "EyeTab". The camera is far away against the size of a face.

Angles are good to five or ten degrees at best: a millimetre is five, lids and lashes hide the rim,
and eyes differ. No labelled set was at hand to say more. Whoever looks at the screen beside the
camera, or thinks with the eyes on the ceiling, looks away from the camera; nobody's attention is
measured (docs/explanation/face-model.md).
"""

import math
from dataclasses import dataclass

import numpy as np

from esapr.inference.face.align import Points, Region
from esapr.inference.quality import TURNED_ABOVE
from esapr.inference.signals import Gaze, HeadPose

IRIS_SIDE = 64
IRIS_REGION = 2.3
"""Side of the network's square over the distance between the eye's corners, as in mediapipe."""
# FaceMesh indices of the corners of the right and of the left eye, from left to right in the
# picture of a face. The network knows right eyes: left ones are mirrored.
RIGHT_CORNERS, LEFT_CORNERS = (33, 133), (362, 263)

# Millimetres.
IRIS_WIDTH = 11.7
EYEBALL_RADIUS = 12.0
TO_IRIS = math.sqrt(EYEBALL_RADIUS**2 - (IRIS_WIDTH / 2) ** 2)
"""From the eyeball's centre to the middle of the iris, whose rim lies on the ball."""
TO_CORNERS = 3.7
"""How far before the centre the corners lie: against a head that turns, the iris of those who look
into the camera moves as if it were that far. 83 neutral faces of FER2013's training split, most of
whom do; 3.1 to 3.8 of two people in recordings."""
RISE = 1.5
"""How far the centre lies above the line between the corners: the median of the same faces (half of
them within 0.6)."""

LEAST_OPEN = 0.18
"""Height over width of an open eye; a blink falls to 0.15."""
LEAST_WIDTH = 10.0
"""Pixels between the corners of an eye; the iris then has four. Two portraits shrunk to that read
within seven degrees of what they do at twice and three times the size."""
LEAST_IRIS = 0.3
"""Width of an iris over the distance between the eye's corners: 0.41 on open eyes, less than this
where a lid or a hand hides the rim and the network guesses."""
MOST_TURN = math.sin(math.radians(45))
"""How far an eye is held to turn in its head; further is a wrong guess as well."""
AWAY_ABOVE, BACK_BELOW = 25.0, 20.0
"""Degrees from the camera at which an eye looks away, and no longer. A laptop's screen ends about
twenty below its camera."""
EVERY = 1.0
"""Seconds from one reading to the next."""
HOLDS = 2.0
"""Seconds after which a reading that no other has followed is none any more."""


@dataclass(frozen=True, slots=True)
class Eye:
    """An eye in a frame: the network's square around it, level with its corners."""

    region: Region
    mirrored: bool


def eye_at(points: Points, corners: tuple[int, int]) -> Eye:
    """Return the eye of these corners.

    Args:
        points: FaceMesh points ``[468, 2]`` in pixels.
        corners: :data:`RIGHT_CORNERS` or :data:`LEFT_CORNERS`.
    """
    (left, top), (right, bottom) = points[list(corners)].tolist()
    width = math.hypot(right - left, bottom - top)
    angle = math.atan2(bottom - top, right - left)
    middle = (left + right) / 2, (top + bottom) / 2
    return Eye(Region(*middle, width * IRIS_REGION, angle), corners == LEFT_CORNERS)


def readable_eye(points: Points, head: HeadPose, ratio: float) -> Eye | None:
    """Return the eye that is turned to the camera more: the wider one in the picture.

    None if the eyes are shut or too small, or the head is turned too far.

    Args:
        points: FaceMesh points ``[468, 2]`` in pixels.
        head: where the head points.
        ratio: height over width of the eyes.
    """
    eyes = (eye_at(points, RIGHT_CORNERS), eye_at(points, LEFT_CORNERS))
    eye = max(eyes, key=lambda each: each.region.side)
    small = eye.region.side < LEAST_WIDTH * IRIS_REGION
    turned = max(abs(head.yaw), abs(head.pitch)) > TURNED_ABOVE
    return None if small or turned or ratio < LEAST_OPEN else eye


def direction(iris: Points, eye: Eye, head: HeadPose) -> tuple[float, float] | None:
    """Return yaw and pitch of the line of sight in degrees, like those of :class:`HeadPose`.

    None if this cannot be an iris.

    Args:
        iris: ``[5, 2]`` in pixels of the frame: the middle, then right, top, left and bottom.
        eye: where the eye is.
        head: where the head points.
    """
    across, along = iris[1] - iris[3], iris[2] - iris[4]
    # A circle that is turned away keeps its longer axis.
    width = max(float(np.hypot(*across)), float(np.hypot(*along)))
    if width < LEAST_IRIS * eye.region.side / IRIS_REGION:
        return None
    millimetre = width / IRIS_WIDTH
    x = (float(iris[0, 0]) - eye.region.x) / millimetre - RISE * math.sin(eye.region.angle)
    y = (float(iris[0, 1]) - eye.region.y) / millimetre + RISE * math.cos(eye.region.angle)
    yaw, pitch = math.radians(head.yaw), math.radians(head.pitch)
    # The head's own direction, y down, places the ball; then that of the eye follows.
    right, down = math.cos(pitch) * math.sin(yaw), -math.sin(pitch)
    x, y = (x + TO_CORNERS * right) / TO_IRIS, (y + TO_CORNERS * down) / TO_IRIS
    if math.hypot(x - right, y - down) > MOST_TURN or math.hypot(x, y) >= 1:
        return None
    ahead = math.sqrt(1 - x * x - y * y)
    return math.degrees(math.atan2(x, ahead)), math.degrees(math.asin(-y))


class GazeTracker:
    """One session's gaze, read once a second; times are seconds on the session clock."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._track = 0
        self._gaze: Gaze | None = None
        self._asked = self._seen = -math.inf

    def eye(
        self, points: Points, head: HeadPose, ratio: float, track: int, now: float
    ) -> Eye | None:
        """Return the eye that is to be looked at in this picture, or None.

        Arguments are those of :func:`readable_eye`, the number of the face that is followed, and
        the time. Eyes that cannot be read are looked for again in the next picture.
        """
        if track != self._track:
            self._track = track
            self._asked = self._seen = -math.inf
        eye = readable_eye(points, head, ratio) if now - self._asked >= EVERY else None
        if eye is not None:
            self._asked = now
        return eye

    def seen(self, iris: Points, eye: Eye, head: HeadPose, now: float) -> None:
        """Take in what :func:`direction` is given."""
        found = direction(iris, eye, head)
        if found is None:
            return
        yaw, pitch = found
        cosine = math.cos(math.radians(yaw)) * math.cos(math.radians(pitch))
        last = self.at(now)
        threshold = BACK_BELOW if last and last.away else AWAY_ABOVE
        self._gaze = Gaze(yaw, pitch, math.degrees(math.acos(min(1.0, cosine))) > threshold)
        self._seen = now

    def at(self, now: float) -> Gaze | None:
        """Return the last reading, if it still holds."""
        return self._gaze if now - self._seen < HOLDS else None
