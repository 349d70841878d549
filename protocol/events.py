"""What begins, ends or happens in what a participant shows."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Event(Struct, frozen=True, omit_defaults=True, tag="event"):
    """An expression (``label``), speech or a face begins (``active``) or ends, or a blink happens.

    ``t_ms`` is the end of the state, or the time of the picture, in which that was seen.
    """

    kind: Literal["expression", "speaking", "face", "blink"]
    t_ms: int
    active: bool | UnsetType = UNSET
    label: str | UnsetType = UNSET
