"""What a report is made of, whatever it is printed on."""

from msgspec import Struct

from esapr.server.reports.figures import Figure

Cell = str | Figure


class Text(Struct, frozen=True, tag="text", tag_field="kind"):
    """A paragraph; a ``warning`` is one that nobody should miss."""

    text: str
    warning: bool = False


class Facts(Struct, frozen=True, tag="facts", tag_field="kind"):
    """Names, each with what it is."""

    rows: list[tuple[str, Cell]]


class Table(Struct, frozen=True, tag="table", tag_field="kind"):
    """Rows under a head; the first cell of each names the row."""

    head: list[str]
    rows: list[list[Cell]]


class Plot(Struct, frozen=True, tag="plot", tag_field="kind"):
    """A drawing, and in words what it shows."""

    svg: str
    alt: str


Block = Text | Facts | Table | Plot


class Section(Struct, frozen=True):
    """Blocks under a heading."""

    title: str
    blocks: list[Block]


class Sheet(Struct, frozen=True):
    """A whole report in one language; ``decimal`` is that language's sign."""

    language: str
    decimal: str
    title: str
    lead: list[Block]
    sections: list[Section]
