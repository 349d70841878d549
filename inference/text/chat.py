"""What chat abbreviates, in words that a network trained on prose knows: docs/decisions/0045."""

import re

_HAPPY, _LAUGH, _LOVE = "so happy", "that is so funny", "i love you"
_SAD, _CRYING, _HEARTBROKEN = "so sad", "crying, so sad", "heartbroken and sad"
_ANGRY, _DISGUSTED, _AFRAID, _AMAZED = "so angry", "that is disgusting", "so scared", "wow!"

SYMBOLS = {
    "\N{SMILING FACE WITH SMILING EYES}": _HAPPY,
    "\N{GRINNING FACE}": _HAPPY,
    "\N{SLIGHTLY SMILING FACE}": _HAPPY,
    "\N{PARTY POPPER}": "congratulations!",
    "\N{FACE WITH PARTY HORN AND PARTY HAT}": "congratulations!",
    "\N{THUMBS UP SIGN}": "great!",
    "\N{FACE WITH TEARS OF JOY}": _LAUGH,
    "\N{ROLLING ON THE FLOOR LAUGHING}": _LAUGH,
    "\N{HEAVY BLACK HEART}": _LOVE,
    "\N{FACE THROWING A KISS}": _LOVE,
    "\N{SMILING FACE WITH HEART-SHAPED EYES}": _LOVE,
    "\N{SMILING FACE WITH SMILING EYES AND THREE HEARTS}": _LOVE,
    "\N{LOUDLY CRYING FACE}": _CRYING,
    "\N{CRYING FACE}": _CRYING,
    "\N{PENSIVE FACE}": _SAD,
    "\N{WHITE FROWNING FACE}": _SAD,
    "\N{SLIGHTLY FROWNING FACE}": _SAD,
    "\N{DISAPPOINTED FACE}": _SAD,
    "\N{BROKEN HEART}": _HEARTBROKEN,
    "\N{SERIOUS FACE WITH SYMBOLS COVERING MOUTH}": _ANGRY,
    "\N{POUTING FACE}": _ANGRY,
    "\N{ANGRY FACE}": _ANGRY,
    "\N{NAUSEATED FACE}": _DISGUSTED,
    "\N{FACE WITH OPEN MOUTH VOMITING}": _DISGUSTED,
    "\N{FACE WITH OPEN MOUTH AND COLD SWEAT}": _AFRAID,
    "\N{FEARFUL FACE}": _AFRAID,
    "\N{FACE SCREAMING IN FEAR}": _AFRAID,
    "\N{FACE WITH OPEN MOUTH}": _AMAZED,
    "\N{ASTONISHED FACE}": _AMAZED,
    "\N{SHOCKED FACE WITH EXPLODING HEAD}": _AMAZED,
    ":)": _HAPPY,
    ":-)": _HAPPY,
    "=)": _HAPPY,
    ":D": _LAUGH,
    ":-D": _LAUGH,
    "xD": _LAUGH,
    "XD": _LAUGH,
    "<3": _LOVE,
    ":(": _SAD,
    ":-(": _SAD,
    "=(": _SAD,
    ":'(": _CRYING,
    ">:(": _ANGRY,
    "</3": _HEARTBROKEN,
}
"""What an emoji or an emoticon says where a line says nothing else."""

ABBREVIATIONS = {
    "fml": "fuck my life",
    "gr8": "great",
    "h8": "hate",
    "ily": "i love you",
    "ilysm": "i love you so much",
    "luv": "love",
    "stfu": "shut the fuck up",
    "ty": "thank you",
    "tysm": "thank you so much",
}
"""Those that are too rare in the training lines to be learned there."""

_SYMBOL = re.compile("|".join(map(re.escape, sorted(SYMBOLS, key=len, reverse=True))))
_ABBREVIATION = re.compile(rf"\b(?:{'|'.join(ABBREVIATIONS)})\b", re.IGNORECASE)


def only_symbols(text: str) -> bool:
    """Return whether ``text`` has symbols and neither letters nor digits beside them."""
    rest, found = _SYMBOL.subn("", text)
    return found > 0 and not any(c.isalnum() for c in rest)


def symbols_in_words(text: str) -> str:
    """Return ``text`` with its symbols in words, each once."""
    return " ".join(dict.fromkeys(SYMBOLS[found] for found in _SYMBOL.findall(text)))


def spelled_out(text: str) -> str:
    """Return ``text`` with abbreviations in words; what begins with a capital may be a name."""
    return _ABBREVIATION.sub(_word, text)


def _word(match: re.Match[str]) -> str:
    found = match[0]
    return found if found.istitle() else ABBREVIATIONS[found.lower()]
