"""The catalogue of recommendations: its entries, checked one by one. No asyncio, no clock."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from esapr.protocol.recommendations import Kind, KnownEffect
from esapr.protocol.requests import Language
from esapr.server.support import SupportError
from esapr.server.support.help_lines import DEFAULT_LANGUAGE
from esapr.server.support.reading import Address, Text, read_toml

WORDLESS = "zxx"
"""ISO 639-2 for what has no words."""

Side = Annotated[float, Meta(ge=-1.0, le=1.0)]


class Region(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the circumplex: from the first number to the second, both in [-1, 1]."""

    valence: tuple[Side, Side]
    arousal: tuple[Side, Side]


class _Note(Struct, frozen=True, forbid_unknown_fields=True):
    note: Text
    source: Text


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """Something to hear, read, watch or do, for when ``region`` is shown, or is on the way."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: Text
    kind: Kind
    language: Language
    licence: Text
    minutes: Annotated[int, Meta(ge=1, le=240)]
    region: Region
    evidence: _Note
    url: Address | None = None
    text: Annotated[list[Text], Meta(min_length=1)] | None = None

    def known(self) -> KnownEffect:
        """Return what is known of its effect."""
        return KnownEffect(self.evidence.note, self.evidence.source)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    version: Text
    goal: Region
    entries: Annotated[list[Entry], Meta(min_length=1)]


class Catalogue:
    """Every entry, and the region towards which they lead."""

    def __init__(self, version: str, goal: Region, entries: Sequence[Entry]) -> None:
        """Take the entries.

        Raises:
            SupportError: two have one id, a region is upside down, or one cannot be reached.
        """
        self.version, self.goal, self.entries = version, goal, entries
        _check_region("goal", goal)
        ids = Counter(entry.id for entry in entries)
        for entry in entries:
            if ids[entry.id] > 1:
                raise SupportError(f"{entry.id}: id is there twice")
            _check_region(entry.id, entry.region)
            if entry.url is None and (entry.kind != "exercise" or entry.text is None):
                needed = "url or text" if entry.kind == "exercise" else "url"
                raise SupportError(f"{entry.id}: {needed} is needed")

    def in_language(self, language: str) -> list[Entry]:
        """Return what is in a language, or in English if nothing is, and what has no words."""
        spoken = {entry.language for entry in self.entries}
        chosen = language if language in spoken else DEFAULT_LANGUAGE
        return [entry for entry in self.entries if entry.language in (chosen, WORDLESS)]


def read_catalogue(text: str) -> Catalogue:
    """Return the catalogue of a file, given as text.

    Raises:
        SupportError: it is malformed; the message names the entry and the field.
    """
    read = read_toml(text, _File)
    return Catalogue(read.version, read.goal, read.entries)


def _check_region(name: str, region: Region) -> None:
    for axis, (low, high) in (("valence", region.valence), ("arousal", region.arousal)):
        if low > high:
            raise SupportError(f"{name}: region.{axis} begins above its end")
