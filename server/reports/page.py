"""A report as one HTML file: no script, nothing from elsewhere. No asyncio, no clock.

Each number stands in a ``<data>`` element whose ``value`` is the JSON's.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files

from esapr.server.reports.blocks import Block, Cell, Facts, Plot, Section, Sheet, Table, Text
from esapr.server.reports.figures import Figure, shown
from esapr.server.reports.plots import COLOURS


def page(sheet: Sheet) -> str:
    """Return the file."""
    sections = "".join(_section(each, sheet.decimal) for each in sheet.sections)
    return (
        f'<!doctype html>\n<html lang="{sheet.language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(sheet.title)}</title>\n'
        f"<style>\n{_style()}</style>\n</head>\n<body>\n<main>\n<h1>{escape(sheet.title)}</h1>\n"
        f"{_blocks(sheet.lead, sheet.decimal)}{sections}</main>\n</body>\n</html>\n"
    )


@cache
def _style() -> str:
    """Return the style sheet, with the colours of the expressions."""
    own = files(__package__).joinpath("page.css").read_text("utf-8")
    colours = "".join(
        f".e-{label} {{ fill: light-dark({light}, {dark}); }}\n"
        f".s-{label} {{ stroke: light-dark({light}, {dark}); }}\n"
        for label, (light, dark) in COLOURS.items()
    )
    return own + colours


def _section(section: Section, decimal: str) -> str:
    blocks = _blocks(section.blocks, decimal)
    return f"<section>\n<h2>{escape(section.title)}</h2>\n{blocks}</section>\n"


def _blocks(blocks: Iterable[Block], decimal: str) -> str:
    return "".join(_block(each, decimal) for each in blocks)


def _block(block: Block, decimal: str) -> str:
    match block:
        case Text():
            kind = ' class="warning"' if block.warning else ""
            return f"<p{kind}>{escape(block.text)}</p>\n"
        case Facts():
            rows = "".join(
                f"<div><dt>{escape(name)}</dt><dd>{_cell(cell, decimal)}</dd></div>\n"
                for name, cell in block.rows
            )
            return f"<dl>\n{rows}</dl>\n"
        case Table():
            return _table(block, decimal)
        case Plot():
            return f'<figure role="img" aria-label="{escape(block.alt)}">{block.svg}</figure>\n'


def _table(table: Table, decimal: str) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.head)
    rows = "".join(_row(row, decimal) for row in table.rows)
    return (
        f'<div class="table" tabindex="0"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table></div>\n"
    )


def _row(row: Sequence[Cell], decimal: str) -> str:
    name, *cells = (_cell(cell, decimal) for cell in row)
    rest = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{name}</th>{rest}</tr>\n'


def _cell(cell: Cell, decimal: str) -> str:
    if isinstance(cell, Figure):
        return f'<data value="{cell.value}">{shown(cell, decimal)}</data>'
    return escape(cell)
