import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from msgspec.structs import replace

from esapr.load_tests.reports.html import html
from esapr.load_tests.result import Miss, Result
from tests.load_tests.reports.runs import SCENARIO, run

SVG = "{http://www.w3.org/2000/svg}"


def page(result: Result, beside: Result | None = None) -> Element:
    """The page, which is well-formed XML, too."""
    return ElementTree.fromstring(html(result, beside))


def text(part: Element) -> str:
    return " ".join("".join(part.itertext()).split())


def tables(part: Element) -> dict[str, list[list[str]]]:
    """Rows of every table by its caption."""
    return {
        text(table.find("caption") or table[0]): [
            [text(cell) for cell in row] for row in table.findall("tbody/tr")
        ]
        for table in part.iter("table")
    }


def sections(part: Element) -> Iterator[tuple[str, str]]:
    for each in part.iter("section"):
        yield text(each[0]), text(each)


def test_the_verdict_comes_first_with_what_was_wanted_and_what_was_measured() -> None:
    failed = page(run(misses=[Miss("lost_sessions", 0, 1)]))

    assert text(failed.find("body/main/header/h1") or failed) == "Load test capacity: Failed"
    assert tables(failed)["Thresholds"] == [
        ["due states received", "≥ 99.50 %", "99.69 %", "kept"],
        ["capture to arrival, p95", "≤ 1,500 ms", "640 ms", "kept"],
        ["accuracy", "≥ 90.00 %", "96.00 %", "kept"],
        ["sessions lost", "≤ 0", "1", "missed"],
    ]
    assert text(page(run()).find("body/main/header/h1") or failed).endswith("Passed")


def test_sections_stand_in_the_order_in_which_an_operator_asks() -> None:
    names = [name for name, _ in sections(page(run()))]

    assert names == ["Lateness", "Delivery", "Rightness", "Server", "Faults", "Appendix"]


def test_the_page_needs_no_script_and_nothing_from_elsewhere() -> None:
    written = html(run()).replace("http://www.w3.org/2000/svg", "")

    assert re.findall(r"https?://|<script|<link|@import|url\(|src=", written) == []


def test_every_chart_has_a_name_and_its_numbers_in_a_table() -> None:
    figures = list(page(run()).iter("figure"))

    assert len(figures) == 8
    for figure in figures:
        drawing = figure.find(f"{SVG}svg")
        assert drawing is not None
        name = drawing.get("aria-label", "")
        assert tables(figure)[name]


def test_what_came_from_elsewhere_is_text() -> None:
    sessions = [replace(run().sessions[0], name="<img onerror=x>", lost="<b>&'\"")]

    found = page(replace(run(), sessions=sessions))

    assert found.find(".//img") is None
    assert ["<img onerror=x>", "0", "-", "0", "<b>&'\""] in tables(found)[
        "Sessions that lack states, the worst 10"
    ]


def test_rightness_beside_a_clean_run_is_a_difference_in_points() -> None:
    found = page(run(accuracy=0.95), beside=run(replace(SCENARIO, name="clean"), accuracy=0.96))

    rows = tables(found)["Against the labels of the clip"]
    assert rows[0] == ["accuracy", "95.00 %", "96.00 %", "-1.00"]


def test_what_is_slow_where_and_what_was_dropped_and_batched() -> None:
    found = tables(page(run()))

    stages = next(rows for caption, rows in found.items() if caption.startswith("Stages"))
    assert stages[0] == ["queue/face_landmarks", "900", "4.0", "3.5", "9.0", "12.0"]
    sizes = next(rows for caption, rows in found.items() if caption.startswith("Sizes"))
    assert sizes[0] == ["face_landmarks", "100", "30%", "0%", "60%", "10%"]
    dropped = found["Items that the server dropped, by stage and reason"]
    assert dropped == [["face/stale", "3"], ["outbox/skipped", "1"]]


def test_faults_say_what_they_cost_and_stand_in_the_charts() -> None:
    found = page(run())

    [nats, _] = tables(found)["What each cost"]
    assert nats == ["nats", "20 s", "0", "2", "1.5 s", "never", "killed <42>"]
    drawn = [text(each) for each in found.iter(f"{SVG}text")]
    assert drawn.count("gateway") == 8


def test_a_run_of_half_an_hour_is_drawn_and_listed_in_few_steps() -> None:
    found = page(run(replace(SCENARIO, seconds=1800)))

    lines = [line.get("points", "").split() for line in found.iter(f"{SVG}polyline")]
    assert max(map(len, lines)) <= 150
    assert all(len(rows) <= 20 for caption, rows in tables(found).items() if caption != "Sessions")
    assert "Each point is the worst of 13 values." in text(found)


def test_a_run_that_measured_nothing_still_has_a_page() -> None:
    nothing = replace(
        run(replace(SCENARIO, chaos=())),
        sessions=[],
        seconds=[],
        server=[],
        stages=[],
        drops={},
        batch_sizes={},
        failures=["harness process 1 ended with -9"],
    )

    found = dict(sections(page(nothing)))

    assert "no values" in found["Lateness"]
    assert found["Server"] == "ServerIts metrics could not be read."
    assert found["Faults"] == "FaultsNone was made."
    assert "harness process 1 ended with -9" in text(
        page(nothing).find("body/main/header") or page(nothing)
    )
