"""What is drawn over a participant's picture, for each picture that was analysed."""

from msgspec import UNSET, Struct, UnsetType


class Activation(Struct, frozen=True):
    """Which parts of the face spoke for ``label``, the likeliest expression of one picture.

    ``cells`` holds rows of a square map, from the top: what each place added to the logit of
    ``label`` in the network. ``corners`` holds x, y of the map's upper left, upper right and lower
    left corner in fractions of the picture.
    """

    label: str
    cells: list[list[float]]
    corners: list[float]


class Overlay(Struct, frozen=True, tag="overlay"):
    """Where the face is in one analysed picture, or ``box: null`` when none is found.

    ``landmarks`` holds x, y of the 468 FaceMesh points, flat. ``activation`` is missing if the
    network has no map. Only the newest one is kept for a subscriber.
    """

    t_ms: int
    box: list[float] | None
    landmarks: list[float]
    blinks_total: int
    activation: Activation | UnsetType = UNSET
