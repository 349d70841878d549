"""One line of chat or caption text, made fit for the tokenizer. Training uses the same function.

Emoji become their Unicode names ("😂" → "face with tears of joy"): the encoder's vocabulary knows
those words, whereas nearly every emoji is its unknown token.
"""

import re
import unicodedata

from esapr.inference.text.chat import only_symbols, spelled_out, symbols_in_words

MAX_CHARACTERS = 1_000
"""Longest cleaned line. 1,000 characters of English hold far more than the 64 tokens scored."""

_URL = re.compile(r"(?:\b[a-z][a-z0-9+.-]*://|\bwww\.)\S*", re.IGNORECASE)
_MENTION = re.compile(r"(?<!\w)@\w+")
# GoEmotions and XED mask people by this token, so the network has learned what it means.
_NAME = " [NAME] "
_EMOJI = re.compile("([\u231a\u231b\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff])\\1*")
_RUN = re.compile(r"(\S)\1{3,}")


def clean(line: str) -> str:
    """Return ``line`` ready for the tokenizer: at most 1,000 characters, empty if nothing is left.

    NFKC; control, format, private and unassigned characters removed; web addresses removed;
    mentions masked; emoji named, or put into words where a line has nothing else; a few
    abbreviations spelled out; a character repeated four times or more kept three times; runs of
    white space made one space. Only the first 1,000 characters are looked at, so the cost is
    bounded whatever arrives. Cleaning twice changes nothing.
    """
    text = spelled_out(_MENTION.sub(_NAME, _prose(line)))
    text = symbols_in_words(text) if only_symbols(text) else _EMOJI.sub(_emoji_name, text)
    return " ".join(text.split())[:MAX_CHARACTERS].rstrip()


def in_letters(line: str) -> str:
    """Return what ``line`` says in letters, for :mod:`esapr.inference.text.language`.

    Mentions and emoji are removed, which say nothing of a language; else as :func:`clean` does.
    """
    text = _EMOJI.sub(" ", _MENTION.sub(" ", _prose(line).replace(_NAME.strip(), " ")))
    return " ".join(text.split())


def _prose(line: str) -> str:
    """Return the beginning of ``line``, normalised, without web addresses."""
    return _URL.sub(" ", _RUN.sub(r"\1\1\1", _normal(line[:MAX_CHARACTERS])))


def _normal(text: str) -> str:
    """Return ``text`` in NFKC without variation selectors and category C*, except white space."""
    kept = (
        c
        for c in text
        if c.isspace() or not (unicodedata.category(c).startswith("C") or "\ufe00" <= c <= "\ufe0f")
    )
    return unicodedata.normalize("NFKC", "".join(kept))


def _emoji_name(match: re.Match[str]) -> str:
    """Return the lower-case name of one emoji, however often it is repeated."""
    symbol = match[1]
    if unicodedata.category(symbol) == "Sk":  # a skin-tone modifier
        return ""
    return f" {unicodedata.name(symbol, '').lower()} "
