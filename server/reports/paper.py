"""A report for the typesetter: its numbers as text. No asyncio, no clock."""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from esapr.server.reports.blocks import Block, Cell, Facts, Sheet, Table
from esapr.server.reports.figures import Figure, shown


def paper(sheet: Sheet) -> bytes:
    """Return the sheet as JSON, every cell of which is text."""
    printed = replace(
        sheet,
        lead=_blocks(sheet.lead, sheet.decimal),
        sections=[
            replace(each, blocks=_blocks(each.blocks, sheet.decimal)) for each in sheet.sections
        ],
    )
    return msgspec.json.encode(printed)


def _blocks(blocks: Iterable[Block], decimal: str) -> list[Block]:
    return [_block(each, decimal) for each in blocks]


def _block(block: Block, decimal: str) -> Block:
    if isinstance(block, Facts):
        return Facts([(name, _text(cell, decimal)) for name, cell in block.rows])
    if isinstance(block, Table):
        return Table(block.head, [[_text(cell, decimal) for cell in row] for row in block.rows])
    return block


def _text(cell: Cell, decimal: str) -> str:
    return shown(cell, decimal) if isinstance(cell, Figure) else cell
