"""Where a face points and looks, for each state."""

from msgspec import Struct


class Head(Struct, frozen=True):
    """Degrees: the face turned to the picture's right, up, and clockwise; else negative."""

    yaw: float
    pitch: float
    roll: float


class Gaze(Struct, frozen=True):
    """Where an eye looks, in degrees from the camera: to the picture's right and up; else negative.

    ``away`` says that this is further than a laptop's screen reaches from its camera. It measures
    no attention: who looks at a screen beside the camera, or thinks, looks away.
    """

    yaw: float
    pitch: float
    away: bool
