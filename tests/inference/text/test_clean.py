"""Cleaning: what reaches the tokenizer, whatever arrives."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.text.clean import MAX_CHARACTERS, clean

ANYTHING = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("a@:/.w \t\n\u0301\u200d\ufe0f\U0001f602\U0001f44d\U0001f3fd\ud800\x00"),
    )
)


@pytest.mark.parametrize(
    ("line", "cleaned"),
    [
        ("  I am\tfine \n thanks ", "I am fine thanks"),
        ("\uff46\uff55\uff4c\uff4c width\u2026", "full width..."),
        ("zero\u200bwidth\x00 and\x1b bell\x07", "zerowidth and bell"),
        ("see https://example.org/a?b=c or www.example.org now", "see or now"),
        ("HTTP://EXAMPLE.ORG", ""),
        ("@ada thanks, mail me: ada@example.org", "[NAME] thanks, mail me: ada@example.org"),
        ("soooooo goooood!!!!!!", "sooo goood!!!"),
        ("book", "book"),
        ("lol 😂😂😂😂", "lol face with tears of joy"),
        ("👍🏽 yes", "thumbs up sign yes"),
        ("for you ❤\ufe0f", "for you heavy black heart"),
        ("👍🏽", "great!"),
        ("😂😂 😭 !!", "that is so funny crying, so sad"),
        (":)", "so happy"),
        (">:(", "so angry"),
        ("xD", "that is so funny"),
        ("see (note :)", "see (note :)"),
        ("🥕", "carrot"),
        ("tysm, ILY", "thank you so much, i love you"),
        ("Ty is here", "Ty is here"),
        ("party", "party"),
        ("lone \ud83d surrogate", "lone surrogate"),
        ("\u202eright to left", "right to left"),
        ("", ""),
        ("\u200b \x00", ""),
    ],
)
def test_what_is_kept(line: str, cleaned: str) -> None:
    assert clean(line) == cleaned


@given(ANYTHING)
def test_cleaning_twice_changes_nothing(line: str) -> None:
    once = clean(line)
    assert clean(once) == once


@given(ANYTHING)
def test_only_printable_characters_and_single_spaces_are_left(line: str) -> None:
    cleaned = clean(line)
    assert not any(unicodedata.category(c).startswith("C") for c in cleaned)
    assert cleaned == " ".join(cleaned.split())
    assert unicodedata.is_normalized("NFKC", cleaned)


@given(st.text(min_size=1), st.integers(min_value=1, max_value=500))
def test_the_length_is_bounded(part: str, times: int) -> None:
    assert len(clean(part * times)) <= MAX_CHARACTERS


@pytest.mark.parametrize("symbol", ["\ufdfa", "🧑", "@a ", "http://", "a\u0301"])
def test_a_megabyte_costs_what_its_beginning_costs(symbol: str) -> None:
    megabyte = symbol * 1_000_000
    assert clean(megabyte) == clean(megabyte[:MAX_CHARACTERS])
