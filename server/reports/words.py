"""The words of the report, a file a language; the page of the report reads the same files."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

LANGUAGES = ("en", "de")
"""The first is the default."""


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """Every text of the report; what stands in braces is filled in."""

    decimal: str
    title: str
    says: str
    cannot: str
    open: str
    nothing_fused: str
    shortened: str
    """``shown`` of ``all`` rows."""
    none: str
    between: str
    """From ``start`` to ``end``."""
    until_end: str
    yes: str
    no: str
    heading: Mapping[str, str]
    note: Mapping[str, str]
    column: Mapping[str, str]
    fact: Mapping[str, str]
    plot: Mapping[str, str]
    absent: Mapping[str, str]
    expression: Mapping[str, str]
    modality: Mapping[str, str]
    trait: Mapping[str, str]
    abstained: Mapping[str, str]
    condition: Mapping[str, str]
    ending: Mapping[str, str]
    covers: Mapping[str, str]
    method: Mapping[str, str]
    limits: Mapping[str, str]


def named(words: Mapping[str, str], code: str) -> str:
    """Return a code in words; one that is newer than the file is still readable."""
    return words.get(code, code.replace("_", " "))


@cache
def words_of(language: str) -> Words:
    """Return the words of one of LANGUAGES."""
    text = files(__package__).joinpath(f"words.{language}.json").read_bytes()
    return msgspec.json.decode(text, type=Words)
