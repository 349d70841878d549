"""Line charts as SVG. No asyncio, no clock.

Colours and dashes are attributes, for what knows no style sheet; a page replaces them by the class
of the element, for dark grounds.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

Point = tuple[float, float | None]
"""Where across, and how high; None breaks the line."""

Combine = Callable[[Sequence[float]], float]
"""Makes one value of several."""

POINTS = 150
"""Most points of a line that can be told apart in a chart."""

WIDTH, HEIGHT = 400, 250
"""Of one chart, in pixels; the legend comes on top of the height."""

_LEFT, _RIGHT, _TOP, _BOTTOM, _ROW = 54, 12, 34, 40, 16
_TICKS = 5
_INK, _MUTED, _GRID, _DANGER = "#17212b", "#55636f", "#dde3e9", "#a8321a"
COLOURS = (
    ("#0068a8", "#5aa9ee", ""),
    ("#a06c00", "#f0b429", "7 3"),
    ("#c8460a", "#f0703a", "2 3"),
    ("#00805f", "#1fb98e", "11 3 2 3"),
    ("#b0568e", "#dd92c2", "4 2"),
    ("#55636f", "#9fadb9", "1 2"),
    ("#17212b", "#e8edf1", "14 4"),
)
"""Of a line: on light, on dark, and its dashes. After Okabe & Ito (2008), at least 3:1."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over one axis. ``title`` says what is drawn and its unit, ``across`` the other axis.

    ``limit`` is a threshold on the values, ``marks`` are moments with names, ``dots`` shows the
    points themselves, and ``top`` is the least end of the axis.
    """

    title: str
    across: str
    lines: Sequence[Line]
    limit: float | None = None
    marks: Sequence[tuple[float, str]] = ()
    dots: bool = False
    top: float = 0.0


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where values lie, from 0 to ``end``; ``step`` lies between two ticks."""

    end: float
    step: float
    begin_px: float
    end_px: float

    def at(self, value: float) -> float:
        share = value / self.end
        return round(self.begin_px + share * (self.end_px - self.begin_px), 1)

    def ticks(self) -> list[float]:
        return [self.step * number for number in range(int(self.end / self.step + 1e-9) + 1)]


def svg(charts: Sequence[Chart], note: str = "") -> str:
    """Return one document of charts side by side, with ``note`` under them."""
    rows = max(len(_legend_rows(chart)) for chart in charts)
    width, height = WIDTH * len(charts), HEIGHT + rows * _ROW + (24 if note else 0)
    label = "; ".join(chart.title for chart in charts)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label={quoteattr(label)} font-family="sans-serif" font-size="12">',
        f'<rect class="ground" width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for column, chart in enumerate(charts):
        drawing = "".join(_draw(chart, rows * _ROW))
        parts.append(f'<g transform="translate({column * WIDTH} 0)">{drawing}</g>')
    if note:
        parts.append(_text(width / 2, height - 10, note, "middle"))
    return "\n".join([*parts, "</svg>\n"])


def thinned(chart: Chart, most: int, combine: Combine) -> Chart:
    """Return a chart whose lines have at most ``most`` points, each made of neighbours."""
    return replace(chart, lines=[_thinned(line, most, combine) for line in chart.lines])


def _thinned(line: Line, most: int, combine: Combine) -> Line:
    width = math.ceil(len(line.points) / most)
    if width <= 1:
        return line
    points: list[Point] = []
    for start in range(0, len(line.points), width):
        near = line.points[start : start + width]
        known = [y for _, y in near if y is not None]
        points.append((near[0][0], combine(known) if known else None))
    return replace(line, points=points)


def _draw(chart: Chart, legend: int) -> Iterator[str]:
    """Yield the parts of one chart under a legend of that height."""
    values = [(x, y) for line in chart.lines for x, y in line.points if y is not None]
    heights = [y for _, y in values] + ([] if chart.limit is None else [chart.limit])
    top, bottom = _TOP + legend, HEIGHT + legend - _BOTTOM
    right = max((x for x, _ in values), default=0.0) or 1.0
    across = replace(_scale(right, _LEFT, WIDTH - _RIGHT), end=right)
    up = _scale(max([chart.top, *heights]), bottom, top)
    yield _text(_LEFT, 18, chart.title, kind="ink", weight="bold")
    yield from _legend(chart)
    for tick in up.ticks():
        y = up.at(tick)
        yield f'<path class="grid" d="M{_LEFT} {y}H{WIDTH - _RIGHT}" stroke="{_GRID}"/>'
        yield _text(_LEFT - 6, y + 4, f"{tick:.10g}", "end")
    for tick in across.ticks():
        yield _text(across.at(tick), bottom + 16, f"{tick:.10g}", "middle")
    yield _text((_LEFT + WIDTH - _RIGHT) / 2, bottom + 33, chart.across, "middle")
    if not values:
        yield _text((_LEFT + WIDTH) / 2, (top + bottom) / 2, "no values", "middle")
    for number, (x, name) in enumerate(chart.marks):
        yield from _mark(across.at(x), top, bottom, number, name)
    for number, line in enumerate(chart.lines):
        yield from _line(line, number, across, up, dots=chart.dots)
    if chart.limit is not None:
        y = up.at(chart.limit)
        yield (
            f'<path class="limit" d="M{_LEFT} {y}H{WIDTH - _RIGHT}" stroke="{_DANGER}" '
            'stroke-dasharray="3 3"/>'
        )
        words = f"limit {chart.limit:.10g}"
        yield _text(WIDTH - _RIGHT, y + 12 if y < top + 10 else y - 4, words, "end", kind="danger")


def _line(line: Line, number: int, across: _Scale, up: _Scale, *, dots: bool) -> Iterator[str]:
    for known, run in groupby(line.points, key=lambda point: point[1] is not None):
        if not known:
            continue
        places = [(across.at(x), up.at(y)) for x, y in run if y is not None]
        points = " ".join(f"{x},{y}" for x, y in places)
        yield f'<polyline points="{points}" fill="none" {_stroke(number)}/>'
        if dots or len(places) == 1:
            yield from (
                f'<circle class="f{number % len(COLOURS)}" cx="{x}" cy="{y}" r="3" '
                f'fill="{COLOURS[number % len(COLOURS)][0]}"/>'
                for x, y in places
            )


def _legend_rows(chart: Chart) -> list[list[tuple[int, str, float]]]:
    """Return the lines by row of the legend, with their numbers and where they begin."""
    rows: list[list[tuple[int, str, float]]] = [[]]
    x = float(_LEFT)
    for number, line in enumerate(chart.lines):
        # Twelve pixels of a sans-serif are some seven wide; no font is measured here.
        wide = 28 + 7 * len(line.name) + 12
        if rows[-1] and x + wide > WIDTH:
            rows.append([])
            x = float(_LEFT)
        rows[-1].append((number, line.name, x))
        x += wide
    return rows


def _legend(chart: Chart) -> Iterator[str]:
    for row, entries in enumerate(_legend_rows(chart)):
        y = _TOP + row * _ROW
        for number, name, x in entries:
            yield f'<path d="M{x} {y - 4}H{x + 22}" {_stroke(number)}/>'
            yield _text(x + 28, y, name)


def _mark(x: float, top: float, bottom: float, number: int, name: str) -> Iterator[str]:
    # Names of moments that are close to one another lie under one another.
    y = top + 10 + number % 4 * 12
    late = x > WIDTH * 0.7
    yield f'<path class="mark" d="M{x} {top}V{bottom}" stroke="{_MUTED}" stroke-dasharray="1 3"/>'
    yield _text(x - 3 if late else x + 3, y, name, "end" if late else "start")


def _scale(greatest: float, begin_px: float, end_px: float) -> _Scale:
    """Return a scale from 0 to at least ``greatest``, with few ticks at round values."""
    if greatest <= 0:
        return _Scale(1.0, 1.0, begin_px, end_px)
    unit = 10.0 ** math.floor(math.log10(greatest / _TICKS))
    steps = (unit * factor for factor in (1, 2, 2.5, 5, 10))
    step = next(step for step in steps if greatest / step <= _TICKS * (1 + 1e-9))
    return _Scale(math.ceil(greatest / step * (1 - 1e-9)) * step, step, begin_px, end_px)


def _stroke(number: int) -> str:
    light, _, dashes = COLOURS[number % len(COLOURS)]
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'class="s{number % len(COLOURS)}" stroke="{light}" stroke-width="2"{dash}'


def _text(
    x: float,
    y: float,
    words: str,
    anchor: str = "start",
    *,
    kind: str = "muted",
    weight: str = "normal",
) -> str:
    fill = {"ink": _INK, "muted": _MUTED, "danger": _DANGER}[kind]
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'font-weight="{weight}" fill="{fill}">{escape(words)}</text>'
    )
