"""What the sections of a report are made with. No asyncio, no clock."""

from collections.abc import Sequence

from esapr.protocol.report import Absent, Expression, Report
from esapr.server.reports.blocks import Block, Cell, Facts, Section, Table, Text
from esapr.server.reports.figures import Figure, clock, shown
from esapr.server.reports.words import Words, named

NOTHING = "\u2013"
"""Stands where there is no value."""

ROWS = 25
"""Rows of a table that grows with the session; the rest is in the JSON, and that is said."""


def section(words: Words, name: str, *blocks: Block) -> Section:
    """Return a section with the note that explains its figures, if there is one."""
    note: list[Block] = [Text(words.note[name])] if name in words.note else []
    return Section(words.heading[name], [*note, *blocks])


def absent(report: Report, words: Words, name: Absent) -> Section:
    """Return a section that says why there is nothing in it."""
    why = named(words.absent, report.absent[name])
    return Section(words.heading[name], [Text(why)])


def paragraphs(text: str) -> list[Block]:
    """Return the paragraphs of a text."""
    return [Text(each.strip()) for each in text.split("\n\n") if each.strip()]


def facts(words: Words, rows: Sequence[tuple[str, Cell]]) -> Facts:
    """Return facts by the codes of their names."""
    return Facts([(words.fact[name], cell) for name, cell in rows])


def table(words: Words, head: Sequence[str], rows: list[list[Cell]]) -> Table:
    """Return a table by the codes of its columns."""
    return Table([words.column[name] for name in head], rows)


def listed(words: Words, name: str, head: Sequence[str], rows: list[list[Cell]]) -> Section:
    """Return a section with a table, cut after ROWS, or with the word that there is nothing."""
    if not rows:
        return Section(words.heading[name], [Text(words.none)])
    blocks: list[Block] = [table(words, head, rows[:ROWS])]
    if len(rows) > ROWS:
        blocks.append(Text(words.shortened.format(shown=ROWS, all=len(rows))))
    return section(words, name, *blocks)


def between(words: Words, begin: int, end: int | None) -> str:
    """Return a span on the session clock; None is the end of the session."""
    return words.between.format(
        start=clock(begin), end=words.until_end if end is None else clock(end)
    )


def highest(labels: Sequence[str], mean: Expression, words: Words) -> str:
    """Return the expression with the highest mean probability, in words."""
    return named(words.expression, labels[max(range(len(labels)), key=mean.probs.__getitem__)])


def share(share: float, words: Words) -> str:
    """Return a share as text, for where it stands in a sentence."""
    return shown(Figure(share, "share"), words.decimal)


def moment(text: str | None) -> str:
    """Return an RFC 3339 time as people write it, to the second, in UTC."""
    return NOTHING if text is None else f"{text[:10]} {text[11:19]} UTC"
