"""Whom the rules meet and whom they miss, on lines that were made up."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.server.support.self_harm import rule_found

EXAMPLES = tomllib.loads(
    Path(__file__).with_name("self_harm_examples.toml").read_text(encoding="utf-8")
)
PAGE = Path(__file__).parents[3] / "docs/explanation/safety.md"
KNOWN = EXAMPLES["known"]


@pytest.mark.parametrize("line", KNOWN["speaks"])
def test_a_plain_statement_is_found(line: str) -> None:
    assert rule_found(line)


@pytest.mark.parametrize("line", KNOWN["else"])
def test_idioms_negations_quotations_and_daily_life_are_no_alarm(line: str) -> None:
    assert rule_found(line) is None


def counts(lines: dict[str, list[str]]) -> tuple[int, int, int, int]:
    """Statements, those that were found, other lines, and false alarms."""
    speaks = [*lines["speaks"], *lines.get("missed", [])]
    found, false = (sum(map(bool, map(rule_found, each))) for each in (speaks, lines["else"]))
    return len(speaks), found, len(lines["else"]), false


def test_the_page_says_how_many_are_found() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+) of (\d+) \| (\d+) of (\d+) \| (\d+) % \| (\d+) % \|",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )

    assert [row[0] for row in rows] == ["known", "fresh"]
    for name, *figures in rows:
        speaks, found, others, false = counts(EXAMPLES[name])
        recall, precision = round(100 * found / speaks), round(100 * found / (found + false))
        assert [int(each) for each in figures] == [found, speaks, false, others, recall, precision]


@pytest.mark.parametrize("line", KNOWN["missed"])
def test_what_the_page_calls_missed_is_missed(line: str) -> None:
    assert rule_found(line) is None
    assert line in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [
        "I WANT TO KILL MYSELF!!!",
        "i   want\tto die",
        "Ich mo\u0308chte nicht mehr leben",  # a letter and a combining diaeresis
        "I want to k\u200bill myself",  # a zero-width space
        "I don\u2019t want to live anymore",
        "What a day. I want to die. Bye",
    ],
)
def test_spelling_and_surroundings_do_not_hide_it(line: str) -> None:
    assert rule_found(line)


def test_what_somebody_else_said_is_no_statement_and_ones_own_beside_it_is() -> None:
    assert rule_found('She wrote "I want to die" in chapter two') is None
    assert rule_found('She wrote "I am fine" and I want to die')
    assert rule_found('"I want to die"')


@given(st.text(max_size=4_000))
def test_any_text_is_looked_at(line: str) -> None:
    rule_found(line)
