"""Both languages have every word, and say what the protocol can say."""

import re
import string
from collections.abc import Mapping
from typing import get_args

import msgspec
import pytest

from esapr.inference.emotions import LABELS
from esapr.inference.signals import Abstain
from esapr.protocol.errors import WarningCode
from esapr.protocol.report import Absence
from esapr.protocol.requests import ConsentMethod, Cover, Modality
from esapr.server.reports.words import LANGUAGES, words_of


def texts(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in msgspec.structs.asdict(words_of(language)).items():
        inner = value if isinstance(value, Mapping) else {"": value}
        found |= {f"{name}.{key}": text for key, text in inner.items()}
    return found


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_language_has_the_same_texts_with_the_same_places() -> None:
    first, *others = (texts(language) for language in LANGUAGES)
    for other in others:
        assert other.keys() == first.keys()
        assert {key: places(text) for key, text in other.items()} == {
            key: places(text) for key, text in first.items()
        }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    words = words_of(language)

    assert words.expression.keys() == set(LABELS)
    assert words.modality.keys() == words.limits.keys() == set(get_args(Modality))
    assert words.abstained.keys() >= {str(reason) for reason in Abstain}
    assert words.condition.keys() >= {str(code) for code in WarningCode}
    assert words.absent.keys() == set(get_args(Absence))
    assert words.covers.keys() == set(get_args(Cover))
    assert words.method.keys() == set(get_args(ConsentMethod))


def test_nobody_is_told_what_they_feel() -> None:
    claims = re.compile(r"\byou (feel|felt|are)\b|\bemotion(s|al state)\b|\bSie fühlen\b", re.I)

    assert {
        key for each in LANGUAGES for key, text in texts(each).items() if claims.search(text)
    } == set()
