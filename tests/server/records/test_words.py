"""Which words of a session are frequent."""

from esapr.protocol.report import Word
from esapr.server.records.words import MOST, frequent_words


def test_words_are_counted_whatever_their_case_without_function_words() -> None:
    lines = [
        "The GARDEN helps, the garden!",
        "Don\u2019t know: garden, sleep and sleep",
        "Schlaf, schlaf",
    ]

    assert frequent_words(lines) == [
        Word("garden", 3, 0.2308, None),
        Word("schlaf", 2, 0.1538, None),
        Word("sleep", 2, 0.1538, None),
    ]


def test_a_word_stands_beside_its_share_in_earlier_sessions() -> None:
    found = frequent_words(["work work work home home"], ["work is fine", "nothing else"])

    assert found == [Word("work", 3, 0.6, 0.2), Word("home", 2, 0.4, 0.0)]


def test_what_was_written_once_is_not_frequent_and_numbers_are_no_words() -> None:
    assert frequent_words(["once 1234 1234 1234 a_b a_b ok ok"]) == []


def test_there_are_so_many_at_most() -> None:
    words = [f"{a}{b}{b}" for a in "bcdfghklmn" for b in "aeiou"]

    assert len(frequent_words([" ".join(words)] * 2)) == MOST
