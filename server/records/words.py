"""The frequent words of the lines that were kept. No asyncio, no clock."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import chain

from esapr.protocol.report import Word

MOST = 20
SHORTEST = 3
LEAST = 2
"""Words of a report at most, letters of a word and times that it was written at least."""

_APOSTROPHE = "\u2019"
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


def frequent_words(lines: Iterable[str], earlier: Iterable[str] = ()) -> list[Word]:
    """Return the words that were written most often, those that are as frequent by name.

    Each is compared with the ``earlier`` lines of the same person, if there are any.
    """
    counts, before = _counted(lines), _counted(earlier)
    kept = ((word, count) for word, count in counts.items() if count >= LEAST and _tells(word))
    ranked = sorted(kept, key=lambda item: (-item[1], item[0]))
    return [
        Word(
            word,
            count,
            share=round(count / counts.total(), 4),
            earlier=round(before[word] / before.total(), 4) if before else None,
        )
        for word, count in ranked[:MOST]
    ]


def _counted(lines: Iterable[str]) -> Counter[str]:
    words = (_WORD.findall(line.lower().replace(_APOSTROPHE, "'")) for line in lines)
    return Counter(chain.from_iterable(words))


def _tells(word: str) -> bool:
    return len(word) >= SHORTEST and word not in _function_words()


@cache
def _function_words() -> frozenset[str]:
    """Return those of English and German: they say nothing of what a text is about."""
    return frozenset(files(__package__).joinpath("function_words.txt").read_text("utf-8").split())
