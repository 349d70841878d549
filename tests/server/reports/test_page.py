"""The HTML of a report: read back, it says what the JSON says."""

import re
from html.parser import HTMLParser

import msgspec
import pytest

from esapr.server.reports.page import page
from esapr.server.reports.plots import COLOURS
from esapr.server.reports.sheet import sheet
from tests.server.reports.recorded import BACKGROUND, empty_report, whole_report
from tests.serving import STATIC

_RANGE = ("score", "low", "high")


class Reader(HTMLParser):
    """Collects, under each heading, its text and the values of its ``<data>``."""

    def __init__(self) -> None:
        super().__init__()
        self.text: dict[str, str] = {}
        self.values: dict[str, list[float]] = {}
        self.tags: set[str] = set()
        self._heading = ""
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._inside = tag
        if tag == "data":
            self.values.setdefault(self._heading, []).append(float(dict(attrs)["value"] or ""))

    def handle_data(self, data: str) -> None:
        if self._inside == "h2" and data.strip():
            self._heading = data
            self._inside = ""
        elif self._inside != "style":
            self.text[self._heading] = self.text.get(self._heading, "") + " " + data


def read(language: str = "en", *, empty: bool = False) -> Reader:
    reader = Reader()
    made = empty_report() if empty else whole_report()
    reader.feed(page(sheet(made, BACKGROUND, language)))
    return reader


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_number_is_the_jsons(language: str) -> None:
    found = msgspec.json.decode(msgspec.json.encode(whole_report()))
    mean, labels = found["expression"], found["labels"]
    values = list(read(language).values.values())

    longest = sorted(found["segments"], key=lambda each: each["t_start_ms"] - each["t_end_ms"])
    [earlier] = found["comparison"]["earlier"]
    assert values == [
        [
            *(found["recorded_ms"], found["states"], found["fused"]),
            *(mean["confidence"], mean["valence"], mean["arousal"]),
        ],
        [
            each
            for label, prob in zip(labels, mean["probs"], strict=True)
            for each in (found["shares"].get(label, 0), prob)
        ],
        [
            each
            for segment in longest
            for each in (segment["t_end_ms"] - segment["t_start_ms"], segment["confidence"])
        ],
        [each["count"] for each in found["transitions"]],
        [
            found["evidence"][modality][name]
            for modality in found["modalities"]
            for name in ("present", "coverage", "weight")
        ],
        list(found["abstained"].values()),
        [found["blinks"]["total"], found["blinks"]["per_minute"]],
        list(found["voice"].values()),
        [each[name] for each in found["words"] for name in ("count", "share", "earlier")],
        [
            found["traits"]["words"],
            *(each[key] for each in found["traits"]["scores"].values() for key in _RANGE),
        ],
        [each["t_end_ms"] - each["t_start_ms"] for each in found["gaps"]],
        [
            earlier["fused"],
            *(earlier["expression"][name] for name in ("confidence", "valence", "arousal")),
            *found["comparison"]["change"]["probs"],
        ],
        [
            found["cohort"]["people"],
            *(
                each
                for pair in zip(
                    found["cohort"]["expression"]["probs"],
                    found["cohort"]["change"]["probs"],
                    strict=True,
                )
                for each in pair
            ),
        ],
    ]


def test_it_says_what_it_cannot_say_and_under_which_consent() -> None:
    reader = read()

    assert "no diagnosis" in reader.text[""]
    assert "a pressed button" in reader.text["Consent"]
    assert "what was written" in reader.text["Consent"]
    assert "Apache-2.0" in reader.text["Models and their limits"]
    assert "You decide freely." in reader.text["What the person was told"]
    assert "too dark" in reader.text["Conditions that degraded the scores"]
    assert "six of ten cases where five are luck" in reader.text["Traits"]


def test_what_is_not_there_is_not_left_out_but_explained() -> None:
    reader = read("de", empty=True)

    assert reader.values == {"Sitzung": [0, 0, 0], "Abdeckung und Qualität": [0, 0, 0]}
    assert "keine frühere" not in reader.text["Neben den eigenen früheren Sitzungen"]
    for heading in ("Lidschläge", "Stimme", "Häufige Wörter", "Merkmale", "Neben einer Gruppe"):
        assert "Nicht verfügbar" in reader.text[heading]
    assert "noch offen" in reader.text[""]


def test_it_needs_nothing_else_and_runs_nothing() -> None:
    text = page(sheet(whole_report(), BACKGROUND, "en"))

    assert read().tags.isdisjoint({"script", "link", "img", "iframe", "form", "object"})
    addresses = set(re.findall(r'\w+://[^"\s)]+', text))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"url\(|@import|\bon\w+=", text)


def test_names_and_words_are_text() -> None:
    made = msgspec.structs.replace(whole_report(), participant='<img src=x onerror="x">')

    assert "<img" not in page(sheet(made, BACKGROUND, "en"))


def test_the_colours_are_those_of_the_pages() -> None:
    tokens = (STATIC.parent / "src/style/tokens.css").read_text("utf-8")
    pairs = re.findall(r"--e-(\w+): light-dark\((#\w+), (#\w+)\)", tokens)

    assert {name: colours for name, *colours in pairs} == {
        name: list(colours) for name, colours in COLOURS.items()
    }
