"""The shipped catalogue, and what is wrong with that of a deployment."""

import re
from pathlib import Path

import numpy as np
import pytest

from esapr.inference.emotions import CIRCUMPLEX
from esapr.protocol.recommendations import Basis
from esapr.server.support import SupportError
from esapr.server.support.catalogue import WORDLESS, Catalogue, read_catalogue
from esapr.server.support.opening import open_catalogue
from esapr.server.support.recommendations import recommend

FOUND = open_catalogue("shipped")
assert FOUND
SHIPPED: Catalogue = FOUND
HEAD = 'version = "1"\ngoal = { valence = [0.2, 1.0], arousal = [-0.5, 0.3] }\n'
ENTRY = """
[[entries]]
id = "{id}"
title = "A song"
kind = "{kind}"
language = "en"
licence = "CC0-1.0"
minutes = {minutes}
region = {{ valence = {valence}, arousal = [-1, 1] }}
evidence = {{ note = "none is known", source = "a paper" }}
{more}
"""


def entry(
    name: str = "a",
    kind: str = "music",
    minutes: int = 3,
    valence: str = "[-1, 1]",
    more: str = 'url = "https://song.example"',
) -> str:
    return ENTRY.format(id=name, kind=kind, minutes=minutes, valence=valence, more=more)


def shown_points() -> list[tuple[float, float]]:
    """Points that a mean of expressions can have: within the corners of the seven."""
    rng = np.random.default_rng(7)
    shares = rng.dirichlet(np.full(len(CIRCUMPLEX), 0.4), 1_500)
    means = [*CIRCUMPLEX, *(shares @ CIRCUMPLEX)]
    return [(round(float(v), 4), round(float(a), 4)) for v, a in means]


def test_the_starter_set_is_of_every_kind_and_in_two_languages() -> None:
    kinds = {(each.kind, each.language) for each in SHIPPED.entries}

    assert len(SHIPPED.entries) >= 40
    assert {kind for kind, _ in kinds} == {"music", "article", "video", "exercise"}
    assert {language for _, language in kinds} == {"en", "de", WORDLESS}


def test_every_exercise_is_there_in_both_languages_and_in_full() -> None:
    exercises = [each for each in SHIPPED.entries if each.kind == "exercise"]
    regions = {each.id: each.region for each in exercises}

    for each in exercises:
        name, _, language = each.id.rpartition(".")
        assert language == each.language
        assert regions[f"{name}.en"] == regions[f"{name}.de"]
        assert each.text
        assert len(each.text) >= 3
        # A paper, by its year, volume and page.
        assert re.search(r" \((19|20)\d\d\), .+ \d+", each.evidence.source)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_region_can_be_reached_and_nobody_is_left_without(language: str) -> None:
    named: set[str] = set()
    for point in shown_points():
        found = recommend(SHIPPED, Basis(60.0, *point), language)
        assert len(found) >= 3, point
        named |= {each.id for each in found}

    assert {each.id for each in SHIPPED.in_language(language)} - named == set()


def test_a_language_that_the_catalogue_lacks_gets_english() -> None:
    assert SHIPPED.in_language("fr") == SHIPPED.in_language("en")
    assert {each.language for each in SHIPPED.in_language("de")} == {"de", WORDLESS}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + entry() + entry(), "a: id is there twice"),
        (HEAD + entry("A b"), "A b: .*id"),
        (HEAD + entry(kind="poem"), "a: .*kind"),
        (HEAD + entry(minutes=0), "a: .*minutes"),
        (HEAD + entry(valence="[-2, 1]"), "a: .*region.valence"),
        (HEAD + entry(valence="[0.5, 0.1]"), "a: region.valence begins above its end"),
        (HEAD + entry(more=""), "a: url is needed"),
        (HEAD + entry(more='url = "http://song.example"'), "a: .*url"),
        (HEAD + entry(kind="exercise", more=""), "a: url or text is needed"),
        (HEAD + entry(kind="music", more='text = ["la"]'), "a: url is needed"),
        (HEAD + entry().replace('"a paper"', '""'), "a: .*evidence.source"),
        (HEAD + entry().replace(", source", ", sources"), "a: .*source"),
        (HEAD + entry(more='colour = "red"'), "a: .*colour"),
        (HEAD + entry() + entry("b", minutes=500), "b: .*minutes"),
        (HEAD.replace("[-0.5, 0.3]", "[0.3, -0.5]") + entry(), "goal: region.arousal"),
        (HEAD, "entries"),
        ("=", "no TOML"),
    ],
)
def test_what_is_wrong_is_said_by_entry_and_field(text: str, told: str) -> None:
    with pytest.raises(SupportError, match=told):
        read_catalogue(text)


def test_a_file_of_the_deployment_is_named_by_its_path(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(HEAD + entry("ours"), "utf-8")
    found = open_catalogue(str(own))

    assert found
    assert [each.id for each in found.entries] == ["ours"]
    assert open_catalogue(None) is None
    for name, content in (("missing.toml", None), ("broken.toml", HEAD + entry(more=""))):
        if content:
            (tmp_path / name).write_text(content, "utf-8")
        with pytest.raises(SupportError, match=r"^catalogue: "):
            open_catalogue(str(tmp_path / name))


def test_links_lead_to_publishers_and_exercises_are_here() -> None:
    for each in SHIPPED.entries:
        assert (each.url is None) == (each.kind == "exercise"), each.id
