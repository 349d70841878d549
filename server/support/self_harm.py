"""Whether a line of text speaks of self-harm, by rules that anyone can read. No asyncio, no clock.

It finds words, and understands nothing: docs/explanation/safety.md says what it cannot do.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

_NEVER = "(?!)"
_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u00b4`"), "'")
_FOLDED = _APOSTROPHES | str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
# "…", “…”, „…“, «…» and »…«
_QUOTED = re.compile(
    '"[^"]*"|\u201c[^\u201c-\u201e]*\u201d|\u201e[^\u201c-\u201e]*[\u201c\u201d]|«[^«»]*»|»[^«»]*«'
)


class _Rule(Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    patterns: list[str]
    negatable: bool = False


class _Language(Struct, frozen=True, forbid_unknown_fields=True):
    parted_at: str
    idioms: list[str]
    rules: list[_Rule]
    negated_before: str = _NEVER
    negated_within: str = _NEVER


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    languages: dict[str, _Language]


class _Matcher:
    """The rules of one language."""

    def __init__(self, language: _Language) -> None:
        self._idioms = re.compile("|".join(f"(?:{idiom})" for idiom in language.idioms))
        self._parts = re.compile(rf"[.!?;:\n]|\b(?:{language.parted_at})\b")
        self._before = re.compile(language.negated_before)
        self._within = re.compile(language.negated_within)
        self._rules = [(rule, re.compile("|".join(rule.patterns))) for rule in language.rules]

    def matches(self, folded: str) -> Iterator[str]:
        for clause in self._parts.split(self._idioms.sub(" ", folded)):
            words = " ".join(clause.split())
            for rule, pattern in self._rules:
                if any(
                    not (rule.negatable and self._negated(words, match))
                    for match in pattern.finditer(words)
                ):
                    yield rule.id

    def _negated(self, words: str, match: re.Match[str]) -> bool:
        before = words[: match.start()].rpartition(",")[2]
        return bool(self._before.search(before) or self._within.search(before + match[0]))


def rule_found(line: str) -> str | None:
    """Return the id of a rule by which ``line``, in English or German, speaks of self-harm.

    None if there is none, which does not mean that it does not.
    """
    folded = _folded(line)
    return next((found for matcher in _matchers() for found in matcher.matches(folded)), None)


def _folded(line: str) -> str:
    text = unicodedata.normalize("NFKC", line)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    text = text.casefold().translate(_FOLDED)
    without = _QUOTED.sub(" ", text)
    # A line that is in quotation marks as a whole quotes nobody.
    return without if re.search("[a-z]", without) else text


@cache
def _matchers() -> tuple[_Matcher, ...]:
    text = files("esapr.server.support").joinpath("self_harm.toml").read_text("utf-8")
    rules = msgspec.convert(tomllib.loads(text), _File)
    return tuple(_Matcher(language) for language in rules.languages.values())
