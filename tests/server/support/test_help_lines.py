"""The shipped help lines, and what is wrong with those of a deployment."""

from datetime import date
from pathlib import Path

import pytest

from esapr.server.support import SupportError
from esapr.server.support.help_lines import HelpLines, read_help_lines
from esapr.server.support.opening import open_help_lines

SHIPPED = open_help_lines(None)
LINE = """
[[lines]]
id = "{id}"
places = {places}
name = "A line"
source = "https://line.example"
about.en = "Call it"
{more}
"""


def file(*lines: str) -> HelpLines:
    return read_help_lines('version = "1"\n' + "".join(lines))


def line(name: str = "a", places: str = "['*']", more: str = 'phone = "1"') -> str:
    return LINE.format(id=name, places=places, more=more)


@pytest.mark.parametrize(
    ("place", "first", "emergency"),
    [
        ("US", "988", "911"),
        ("US-IL", "988", "911"),
        ("GB", "116 123", "999"),
        ("IE", "116 123", "112"),
        ("DE", "0800 111 0 111", "112"),
        ("DE-BY", "0800 111 0 111", "112"),
        ("AT", "142", "112"),
        ("EU", "112", "112"),
        ("FR", "112", "112"),
    ],
)
def test_the_lines_of_a_place(place: str, first: str, emergency: str) -> None:
    lines = SHIPPED.of(place, "en")

    assert lines[0].phone == first
    assert emergency in [each.phone for each in lines]
    assert lines[-1].url == "https://findahelpline.com"


@pytest.mark.parametrize("place", ["", "BR", "ZZ"])
def test_an_unknown_place_has_the_line_that_finds_others_and_no_foreign_number(place: str) -> None:
    (only,) = SHIPPED.of(place, "en")

    assert only.id == "find-a-helpline"
    assert not only.phone


def test_words_are_in_the_language_of_the_session_or_english() -> None:
    english, german, other = (SHIPPED.of("DE", language)[0] for language in ("en", "de", "fr"))

    assert "free" in english.about
    assert "kostenlos" in german.about
    assert other == english


def test_every_line_has_both_languages_and_a_source() -> None:
    for each in SHIPPED.lines:
        assert each.about.keys() == {"en", "de"}, each.id
        # What was compared says with what, and when.
        assert (each.read is None) == (each.checked is None), each.id
        assert each.checked is None or each.checked <= date(2026, 11, 23), each.id


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([line(places="['de']")], "a: .*places"),
        ([line(more="")], "a: phone or url"),
        ([line(more='url = "http://line.example"')], "a: .*url"),
        ([line(more="telephone = '1'")], "a: .*telephone"),
        ([line(), line()], "a: id is there twice"),
        ([line(places="['DE']")], "places = "),
        ([line().replace("about.en", "about.fr")], "a: about.en"),
        ([line(), "[[lines]]\nname = 'B'"], r"1: .*missing required field"),
        (["["], "no TOML"),
    ],
)
def test_what_is_wrong_is_said_by_entry_and_field(lines: list[str], told: str) -> None:
    with pytest.raises(SupportError, match=told):
        file(*lines)


def test_a_file_of_the_deployment_replaces_them(tmp_path: Path) -> None:
    own = tmp_path / "lines.toml"
    own.write_text('version = "1"\n' + line("ours"), "utf-8")

    assert [each.id for each in open_help_lines(str(own)).of("DE", "de")] == ["ours"]
    with pytest.raises(SupportError, match="help_lines_file"):
        open_help_lines(str(tmp_path / "missing.toml"))
