"""The frequent words of the lines that were kept. No asyncio, no clock."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from esapr.protocol.report import Word

MOST = 20
SHORTEST = 3
LEAST = 2
"""Words of a report at most, letters of a word and times that it was written at least."""

_APOSTROPHE = "\u2019"
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


def frequent_words(lines: Iterable[str]) -> list[Word]:
    """Return the words that were written most often, those that are as frequent by name."""
    counts = Counter(
        word
        for line in lines
        for word in _WORD.findall(line.lower().replace(_APOSTROPHE, "'"))
        if len(word) >= SHORTEST and word not in _function_words()
    )
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Word(word, count) for word, count in ranked[:MOST] if count >= LEAST]


@cache
def _function_words() -> frozenset[str]:
    """Return those of English and German: they say nothing of what a text is about."""
    return frozenset(files(__package__).joinpath("function_words.txt").read_text("utf-8").split())
