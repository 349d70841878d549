"""Whether a line is in another language than English, which the expression model does not read.

fastText's network for 176 languages (Joulin et al. 2016, arXiv:1607.01759), compressed
(arXiv:1612.03651). Short lines are uncertain, so a line is called foreign only when it is surely
so: docs/decisions/0044.
"""

import unicodedata
from functools import cache
from pathlib import Path

import fasttext

from esapr.inference.cards import verified
from esapr.inference.text.clean import in_letters

SHA256 = "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"

LEAST_LETTERS = 8
"""Fewer letters of the Latin alphabet are not judged: "merci" may be said in English."""

LEAST_FOREIGN, MOST_ENGLISH = 0.5, 0.1
"""Probabilities of the first other language, at least, and of English, at most."""

OTHER_SCRIPT = 3
"""Letters of other alphabets that make a line foreign where they are the most: ಠ_ಠ has two."""

_ALL = 176
_ENGLISH = "__label__en"


class LanguageCheck:
    """Knows English from other languages; threads may share it."""

    def __init__(self, file: Path) -> None:
        """Read fastText's ``lid.176.ftz``.

        Raises:
            HashMismatchError: it is another file.
            MissingFileError: it cannot be read.
        """
        verified(file, SHA256)
        self._network = fasttext.load_model(str(file))

    def foreign(self, line: str) -> bool:
        """Return whether ``line``, as it came, is surely in another language than English."""
        text = in_letters(line).lower()
        letters = [c for c in text if c.isalpha()]
        other = sum(not _latin(c) for c in letters)
        if other >= OTHER_SCRIPT and 2 * other > len(letters):
            return True
        if len(letters) < LEAST_LETTERS:
            return False
        labels, probs = self._network.predict(text, k=_ALL)
        found = dict(zip(labels, probs, strict=True))
        english = found.pop(_ENGLISH, 0.0)
        return english < MOST_ENGLISH and max(found.values(), default=0.0) >= LEAST_FOREIGN


@cache
def language_check(file: Path) -> LanguageCheck:
    """Return the check that a process shares. Raises what :class:`LanguageCheck` does."""
    return LanguageCheck(file)


def _latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN ")
