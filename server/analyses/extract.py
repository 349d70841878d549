"""The lines of a document, page by page: ``python -m esapr.server.analyses.extract FORMAT``.

Runs in a process of its own, because a document may unpack to any size and nest to any depth, and
because cutting two million characters into lines takes time that live sessions do not have. The
process has little memory and little time and writes no file; what it does not foresee ends it. The
document comes on standard input; answers go to standard output, each behind its length in four
bytes: :class:`Opened`, then every page, or :class:`Refused`.
"""

import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from textwrap import wrap

import msgspec

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError

MEMORY_BYTES = 768 * 1024 * 1024
CPU_SECONDS = 60
"""What the process may take; past it, it ends."""

PLAIN_PAGE = 3_000
"""Characters of a page where the document has none of its own: about a printed one."""

LINE_CHARACTERS = 240
"""Longest line that is scored as one: about as many tokens as the model reads."""

LENGTH = struct.Struct("<I")

_OLE = b"\xd0\xcf\x11\xe0"
"""How an encrypted DOCX begins: the container of older formats, with the file inside."""

_MISBELIEVED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What readers raise where they take the word of a damaged document."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n\s*\n")
_PAGE_BREAK = "\f"
_MARKUP = ("text", "softbreak", "hardbreak", "code_inline")


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """The document can be read; ``pages`` is how many it has."""

    pages: int


class PageText(msgspec.Struct, frozen=True, tag="page"):
    """The sentences of the next page, long ones in parts."""

    lines: list[str]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The document cannot be read, or not further."""

    code: ErrorCode
    message: str


Answer = Opened | PageText | Refused
Pages = tuple[int, Iterable[str]]
"""How many pages there are, and the text of each."""


def main() -> None:
    """Answer for the document on standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for answer in answers(sys.stdin.buffer.read(), sys.argv[1]):
        data = msgspec.msgpack.encode(answer)
        sys.stdout.buffer.write(LENGTH.pack(len(data)) + data)
        sys.stdout.buffer.flush()


def answers(data: bytes, form: str) -> Iterator[Answer]:
    """Yield what is to be said of a document, a refusal last if there is one."""
    try:
        yield from _pages(*_READERS[form](data))
    except ProtocolError as error:
        yield Refused(error.code, error.message)
    except MemoryError:
        yield Refused(ErrorCode.DOCUMENT_TOO_LARGE, "reading it takes too much memory")


def _pages(count: int, texts: Iterable[str]) -> Iterator[Answer]:
    if count > limits.MAX_DOCUMENT_PAGES:
        raise _too_large(f"at most {limits.MAX_DOCUMENT_PAGES} pages, it has {count}")
    characters = sentences = 0
    held: list[Answer] = [Opened(count)]
    for text in texts:
        characters += len(text)
        if characters > limits.MAX_DOCUMENT_CHARACTERS:
            raise _too_large(f"at most {limits.MAX_DOCUMENT_CHARACTERS} characters of text")
        lines = _lines(text)
        sentences += len(lines)
        if sentences > limits.MAX_DOCUMENT_LINES:
            raise _too_large(f"at most {limits.MAX_DOCUMENT_LINES} sentences")
        held.append(PageText(lines))
        # Of empty pages nothing is said before there is one with text.
        if lines:
            yield from held
            held = []
    if held and isinstance(held[0], Opened):
        raise ProtocolError(
            ErrorCode.DOCUMENT_WITHOUT_TEXT, "it has no text: pictures of text are not read"
        )
    yield from held


def _lines(text: str) -> list[str]:
    # White space is made one space first: textwrap takes seconds for much of it.
    sentences = (" ".join(part.split()) for part in _SENTENCE_END.split(text))
    return [line for sentence in sentences for line in wrap(sentence, LINE_CHARACTERS)]


def _pdf(data: bytes) -> Pages:
    from pypdf import PdfReader

    def texts() -> Iterator[str]:
        for number in range(count):
            with _reading_pdf():
                text = reader.pages[number].extract_text()
            yield text

    with _reading_pdf():
        reader = PdfReader(BytesIO(data))
        # The password of a document that only restricts its use is empty for readers.
        if reader.is_encrypted and not reader.decrypt(""):
            raise ProtocolError(ErrorCode.DOCUMENT_ENCRYPTED, "it needs a password")
        count = len(reader.pages)
    return count, texts()


@contextmanager
def _reading_pdf() -> Iterator[None]:
    from pypdf.errors import LimitReachedError, PyPdfError

    try:
        yield
    except LimitReachedError as error:
        raise _too_large(str(error)) from error
    except (PyPdfError, *_MISBELIEVED) as error:
        raise _invalid(f"it is not PDF, or damaged: {error}") from error


def _docx(data: bytes) -> Pages:
    from lxml.etree import LxmlError

    if data.startswith(_OLE):
        raise ProtocolError(ErrorCode.DOCUMENT_ENCRYPTED, "it needs a password, or is no DOCX")
    try:
        _check_unpacked(data)
        return _plain("\n\n".join(_paragraphs(data)))
    except (zipfile.BadZipFile, zlib.error, LxmlError, *_MISBELIEVED) as error:
        raise _invalid("it is not DOCX, or damaged") from error


def _paragraphs(data: bytes) -> Iterator[str]:
    from docx import Document

    body = Document(BytesIO(data)).element.body
    # Word notes where its own pages ended; other programs only where they have to end.
    rendered = body.xpath(".//w:lastRenderedPageBreak")
    mark = "w:lastRenderedPageBreak" if rendered else "w:br[@w:type='page']"
    # A text box is there twice: its fallback is for programs that cannot draw it.
    for paragraph in body.xpath(".//w:p[not(ancestor::*[local-name()='Fallback'])]"):
        breaks = len(paragraph.xpath(f".//{mark}"))
        yield _PAGE_BREAK * breaks + paragraph.text


def _check_unpacked(data: bytes) -> None:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > limits.MAX_UNPACKED_BYTES:
        raise _too_large(f"it unpacks to more than {limits.MAX_UNPACKED_BYTES} bytes")


def _text(data: bytes) -> Pages:
    return _plain(_decoded(data))


def _markdown(data: bytes) -> Pages:
    from markdown_it import MarkdownIt

    blocks = MarkdownIt("commonmark").enable("table").parse(_decoded(data))
    return _plain(
        "\n\n".join(
            "".join(part.content or "\n" for part in block.children if part.type in _MARKUP)
            for block in blocks
            if block.children
        )
    )


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _invalid("it is not text in UTF-8") from error
    if "\0" in text:
        raise _invalid("it is not text: it has zero bytes")
    return text


def _plain(text: str) -> Pages:
    """Cut at page breaks, and pages that are still too long between paragraphs."""
    pages: list[str] = []
    for page in text.split(_PAGE_BREAK):
        filling = ""
        for paragraph in re.split(r"\n\s*\n", page):
            if filling and len(filling) + len(paragraph) > PLAIN_PAGE:
                pages.append(filling)
                filling = ""
            filling += paragraph + "\n\n"
        pages.append(filling)
    return len(pages), pages


def _invalid(message: str) -> ProtocolError:
    return ProtocolError(ErrorCode.DOCUMENT_INVALID, message)


def _too_large(message: str) -> ProtocolError:
    return ProtocolError(ErrorCode.DOCUMENT_TOO_LARGE, message)


_READERS: Mapping[str, Callable[[bytes], Pages]] = {
    "PDF": _pdf,
    "DOCX": _docx,
    "text": _text,
    "Markdown": _markdown,
}

if __name__ == "__main__":
    main()
