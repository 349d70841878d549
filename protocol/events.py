"""What begins, ends or happens in what a participant shows, and whom they may turn to."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class HelpLine(Struct, frozen=True, omit_defaults=True):
    """Somebody to turn to: ``about`` says when and how, in the language of the session.

    ``phone`` is as people write it. At least one of it and ``url`` is there.
    """

    id: str
    name: str
    about: str
    phone: str | UnsetType = UNSET
    url: str | UnsetType = UNSET


class Event(Struct, frozen=True, omit_defaults=True, tag="event"):
    """An expression (``label``), speech or a face begins (``active``) or ends, or a blink happens.

    ``t_ms`` is the end of the state, or the time of the picture, in which that was seen.

    ``support_resources`` says that a line of text, taken in at ``t_ms``, speaks of self-harm:
    ``help_lines`` are to be shown to the person.
    """

    kind: Literal["expression", "speaking", "face", "blink", "support_resources"]
    t_ms: int
    active: bool | UnsetType = UNSET
    label: str | UnsetType = UNSET
    help_lines: list[HelpLine] | UnsetType = UNSET
