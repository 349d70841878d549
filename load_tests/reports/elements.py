"""What a page of results is made of: tables, charts with their numbers, figures. No clock."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from esapr.load_tests.reports.plot import COLOURS, POINTS, Chart, Combine, svg, thinned

ROWS = 20
"""Most rows of the table beside a chart."""


class Html(str):
    """Text that is HTML already; any other text is escaped."""


class Words(str):
    """A cell of words, which are set to the left; numbers are set to the right."""


@dataclass(frozen=True, slots=True)
class Shaded:
    """A cell with a bar behind it that fills ``share`` (0 to 1) of its width."""

    text: str
    share: float


Cell = str | Shaded


def element(tag: str, inside: str, **attributes: str) -> Html:
    """Return an element; ``kind`` is its class, and text inside is escaped unless it is HTML."""
    named = ((name.replace("kind", "class"), value) for name, value in attributes.items())
    written = "".join(f' {name}="{escape(value)}"' for name, value in named)
    return Html(f"<{tag}{written}>{_text(inside)}</{tag}>")


def joined(*parts: str) -> Html:
    """Return parts one after the other."""
    return Html("".join(_text(part) for part in parts))


def section(title: str, *parts: str) -> Html:
    """Return a section with its heading."""
    return element("section", joined(element("h2", title), *parts))


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Html:
    """Return a table whose first column names the row; it scrolls where the page is narrow.

    An empty ``head`` leaves the names of columns out; without rows it says that there are none.
    """
    if not rows:
        return element("p", f"{caption}: none.", kind="note")
    heading = joined(*(element("th", name, scope="col") for name in head))
    body = joined(*(element("tr", _row(row)) for row in rows))
    whole = joined(
        element("caption", caption),
        element("thead", element("tr", heading)) if head else "",
        element("tbody", body),
    )
    scrolled = element("table", whole)
    return Html(
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f"{scrolled}</div>"
    )


def chart(
    drawn: Chart, combine: Combine = statistics.fmean, how: str = "mean", note: str = ""
) -> Html:
    """Return a chart and the numbers in it.

    A long run has more values than there is room for: ``combine`` makes one of several, and ``how``
    names it.
    """
    width = math.ceil(max((len(line.points) for line in drawn.lines), default=0) / POINTS)
    said = [note] if note else []
    if width > 1:
        said.append(f"Each point is the {how} of {width} values.")
    rows = _numbers(thinned(drawn, ROWS, combine))
    numbers = element("details", joined(element("summary", "Numbers"), rows))
    caption = element("figcaption", joined(*(element("p", each) for each in said), numbers))
    return element("figure", joined(Html(svg([thinned(drawn, POINTS, combine)])), caption))


def _numbers(drawn: Chart) -> Html:
    columns = [dict(line.points) for line in drawn.lines]
    across = sorted({x for column in columns for x in column})
    rows = [[f"{x:.10g}", *(_number(column.get(x)) for column in columns)] for x in across]
    return table(drawn.title, [drawn.across, *(line.name for line in drawn.lines)], rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}" if value < 1000 else f"{value:.0f}"


def _row(cells: Sequence[Cell]) -> Html:
    first, *others = cells
    name = first.text if isinstance(first, Shaded) else first
    return joined(element("th", name, scope="row"), *(_cell(cell) for cell in others))


def _cell(cell: Cell) -> Html:
    if isinstance(cell, Shaded):
        return element("td", cell.text, kind="bar", style=f"--share: {cell.share:.1%}")
    return element("td", cell, kind="text") if isinstance(cell, Words) else element("td", cell)


def _text(text: str) -> str:
    return text if isinstance(text, Html) else escape(text)


def document(title: str, body: str) -> str:
    """Return the whole page, which needs nothing else."""
    style = (files("esapr.load_tests.reports") / "page.css").read_text(encoding="utf-8")
    dark = "".join(
        f".s{number}{{stroke:{colour}}}.f{number}{{fill:{colour}}}"
        for number, (_, colour, _) in enumerate(COLOURS)
    )
    head = joined(
        Html('<meta charset="utf-8"/>'),
        Html('<meta name="viewport" content="width=device-width"/>'),
        Html('<meta name="color-scheme" content="light dark"/>'),
        element("title", title),
        Html(f"<style>{style}@media (prefers-color-scheme: dark) {{{dark}}}</style>"),
    )
    page = joined(element("head", head), element("body", element("main", Html(body))))
    return f"<!DOCTYPE html>\n{element('html', page, lang='en')}\n"
