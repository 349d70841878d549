from xml.etree import ElementTree

import pytest

from esapr.load_tests.reports.plot import WIDTH, Chart, Line, svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*charts: Chart, note: str = "") -> ElementTree.Element:
    return ElementTree.fromstring(svg(charts, note))


def words(drawing: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in drawing.iter(f"{SVG}text")]


def polylines(drawing: ElementTree.Element) -> list[list[tuple[float, float]]]:
    return [
        [
            (float(x), float(y))
            for x, y in (pair.split(",") for pair in line.get("points", "").split())
        ]
        for line in drawing.iter(f"{SVG}polyline")
    ]


def test_a_chart_says_what_it_shows_in_which_unit_and_from_where_to_where() -> None:
    chart = Chart("capture to state, ms", "seconds", [Line("p50 <5>", [(0, 100), (60, 240)])])

    drawing = drawn(chart, note="two cores & more")

    assert drawing.get("aria-label") == "capture to state, ms"
    assert {"capture to state, ms", "seconds", "p50 <5>", "two cores & more"} <= set(words(drawing))
    assert {"0", "50", "250"} <= set(words(drawing))  # up
    assert {"20", "60"} <= set(words(drawing))  # across


def test_more_is_higher_and_later_is_to_the_right() -> None:
    [[first, second]] = polylines(drawn(Chart("-", "-", [Line("-", [(0, 1), (5, 3)])])))

    assert second[0] > first[0]
    assert second[1] < first[1]


def test_a_line_is_broken_where_a_value_is_missing() -> None:
    points = [(0, 1.0), (1, 2.0), (2, None), (3, 1.0), (4, 1.0), (5, None), (6, 4.0)]

    drawing = drawn(Chart("-", "-", [Line("-", points)]))

    assert [len(line) for line in polylines(drawing)] == [2, 2, 1]
    assert len(list(drawing.iter(f"{SVG}circle"))) == 1  # a point alone would be no line


def test_a_limit_is_drawn_where_it_belongs_even_if_nothing_comes_near() -> None:
    drawing = drawn(Chart("-", "-", [Line("-", [(0, 1), (1, 2)])], limit=1500))

    assert "limit 1500" in words(drawing)
    [limit] = [path for path in drawing.iter(f"{SVG}path") if path.get("class") == "limit"]
    y = float(limit.get("d", "").partition(" ")[2].partition("H")[0])
    assert all(y < height for _, height in polylines(drawing)[0])


def test_moments_have_their_names() -> None:
    drawing = drawn(Chart("-", "-", [Line("-", [(0, 1), (9, 2)])], marks=[(3, "nats"), (9, "x")]))

    assert {"nats", "x"} <= set(words(drawing))
    assert len([path for path in drawing.iter(f"{SVG}path") if path.get("class") == "mark"]) == 2


def test_nothing_to_draw_says_so() -> None:
    assert "no values" in words(drawn(Chart("-", "-", [Line("-", [(0, None)])])))


@pytest.mark.parametrize("greatest", [0.0, 0.003, 1, 7, 99.99, 100, 250_000])
def test_whatever_the_values_there_are_a_few_ticks_and_no_line_leaves_the_chart(
    greatest: float,
) -> None:
    drawing = drawn(Chart("-", "-", [Line("-", [(0, 0), (1, greatest)])]))

    [line] = polylines(drawing)
    top = min(y for _, y in line)
    assert top >= 34
    grid = [path for path in drawing.iter(f"{SVG}path") if path.get("class") == "grid"]
    assert 2 <= len(grid) <= 6


def test_a_long_legend_gets_more_rows_and_stays_inside() -> None:
    lines = [Line(f"model number {number}", [(0, 1)]) for number in range(6)]

    drawing = drawn(Chart("-", "-", lines))

    entries = [text for text in drawing.iter(f"{SVG}text") if "model" in (text.text or "")]
    assert len({text.get("y") for text in entries}) == 3
    assert all(float(text.get("x", "")) + 7 * 14 < WIDTH for text in entries)


def test_charts_stand_beside_one_another() -> None:
    chart = Chart("-", "-", [Line("-", [(0, 1)])])

    assert drawn(chart, chart).get("viewBox", "").split()[2] == f"{2 * WIDTH}"
