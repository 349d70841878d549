"""The help lines of a place, in a language. No asyncio, no clock, no files."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, Struct

from esapr.protocol.events import HelpLine
from esapr.server.support import SupportError
from esapr.server.support.reading import Address, Text, read_toml

EVERYWHERE = "*"
DEFAULT_LANGUAGE = "en"
"""What is told to those in whose language a line has no words."""

Place = Annotated[str, Meta(pattern=r"^(\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$")]


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the file; ``about`` says in each language when it answers, and how.

    ``checked`` is the day on which it was compared with what ``read`` names.
    """

    id: Text
    places: Annotated[list[Place], Meta(min_length=1)]
    name: Text
    source: Text
    about: dict[str, Text]
    phone: Text | None = None
    url: Address | None = None
    read: Text | None = None
    checked: date | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    version: Text
    lines: Annotated[list[Line], Meta(min_length=1)]


class HelpLines:
    """Every line there is, in the order in which they are told."""

    def __init__(self, lines: Sequence[Line]) -> None:
        """Take the lines.

        Raises:
            SupportError: two have one id, one cannot be reached or has no words in English, or
                there is none for everywhere.
        """
        self.lines = lines
        for line in lines:
            if line.phone is None and line.url is None:
                raise SupportError(f"{line.id}: phone or url is needed")
            if DEFAULT_LANGUAGE not in line.about:
                raise SupportError(f"{line.id}: about.{DEFAULT_LANGUAGE} is needed")
            if sum(other.id == line.id for other in lines) > 1:
                raise SupportError(f"{line.id}: id is there twice")
        if not any(EVERYWHERE in line.places for line in lines):
            raise SupportError("help lines: one has to be for places = ['*']")

    def of(self, jurisdiction: str, language: str) -> list[HelpLine]:
        """Return the lines of a place, an ISO 3166 code or nothing, before those of everywhere."""
        country = jurisdiction.partition("-")[0]
        here = [line for line in self.lines if {jurisdiction, country} & {*line.places}]
        everywhere = [line for line in self.lines if EVERYWHERE in line.places]
        return [_told(line, language) for line in (*here, *everywhere)]


def read_help_lines(text: str) -> HelpLines:
    """Return the lines of a file, given as text.

    Raises:
        SupportError: it is malformed; the message names the entry and the field.
    """
    return HelpLines(read_toml(text, _File).lines)


def _told(line: Line, language: str) -> HelpLine:
    return HelpLine(
        id=line.id,
        name=line.name,
        about=line.about.get(language, line.about[DEFAULT_LANGUAGE]),
        phone=line.phone or UNSET,
        url=line.url or UNSET,
    )
