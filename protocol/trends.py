"""Where a person's expression has been going."""

from msgspec import Struct


class Slope(Struct, frozen=True):
    """Change a minute of valence and arousal: the line through the last minute's states."""

    valence: float
    arousal: float
