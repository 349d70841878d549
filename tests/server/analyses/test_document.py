"""Documents to pages: what they show, and every one that cannot be read."""

import resource
from contextlib import aclosing
from pathlib import Path

import pytest

from esapr.protocol import limits
from esapr.protocol.analyses import Page
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.analyses import document
from esapr.server.analyses.document import Paper
from esapr.server.analyses.extract import Opened, PageText, Refused, answers
from esapr.server.analyses.formats import PDF
from esapr.server.analyses.opening import work_on
from esapr.server.analyses.subject import Subject
from tests.server.analyses.working import Shown, means, shown
from tests.server.analyses.written import (
    docx,
    docx_of_tables,
    encrypted_pdf,
    pdf,
    pdf_bomb,
    zip_bomb,
)

pytestmark = pytest.mark.real_time

HAPPY = "I am so happy and grateful, this is wonderful!"
ANGRY = "I am furious, I hate this, it makes me so angry!"
DATASHEET = "The box is on the table."


def labels(found: Shown) -> list[str | None]:
    return [each.fused.label if each.fused else None for each in found]


async def read(data: bytes, name: str) -> Shown:
    async with means() as using:
        return (await shown(data, name, using))[0]


async def refusal(data: bytes, name: str) -> ProtocolError:
    async with means() as using:
        with pytest.raises(ProtocolError) as refused:
            await shown(data, name, using)
    return refused.value


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("letter.pdf", pdf(HAPPY, "", ANGRY)),
        ("letter.docx", docx(HAPPY, "", ANGRY)),
        ("letter.txt", f"{HAPPY}\f\f{ANGRY}\n".encode()),
    ],
)
async def test_each_page_says_what_it_shows(name: str, data: bytes) -> None:
    found = await read(data, name)

    assert labels(found) == ["happy", None, "angry"]
    pages = [each for each in found if isinstance(each, Page)]
    assert [(page.number, page.pages) for page in pages] == [(1, 3), (2, 3), (3, 3)]
    assert [page.lines > 0 for page in pages] == [True, False, True]
    assert pages[1].abstain
    assert pages[1].abstain.reason == "no_text"


async def test_a_page_in_another_language_abstains_and_says_why() -> None:
    german = "Ich bin so wütend auf dich! Das ist ja ekelhaft."
    found = await read(f"{german}\f{german} {HAPPY}".encode(), "letter.txt")

    first, second = (each for each in found if isinstance(each, Page))
    assert (first.lines, first.fused) == (0, None)
    assert first.abstain
    assert first.abstain.reason == "unsupported_language"
    assert (second.lines, second.abstain) == (1, None)
    assert second.fused
    assert second.fused.label == "happy"


async def test_the_summary_counts_pages() -> None:
    async with means() as using:
        _, summary = await shown(pdf(HAPPY, HAPPY, "", ANGRY), "letter.pdf", using)

    assert (summary.pages, summary.states, summary.duration_ms) == (4, 0, 0)
    assert summary.labels == {"happy": 2, "angry": 1}
    assert summary.abstained == {"no_text": 1}
    assert summary.coverage["text"] == 0.75
    assert summary.totals.lines == 3


async def test_a_text_without_pages_is_cut_between_paragraphs() -> None:
    paragraph = f"{DATASHEET} " * 50
    found = await read("\n\n".join([paragraph] * 6).encode(), "long.txt")

    assert len(found) == 3


async def test_markup_is_no_text() -> None:
    plain = await read(f"{HAPPY} Look here.".encode(), "a.txt")
    marked = await read(f"*{HAPPY}* Look [here](http://hate.example/angry).".encode(), "a.md")

    assert [page.fused for page in marked] == [page.fused for page in plain]


async def test_javascript_is_not_run_and_its_document_is_read() -> None:
    action = b"/OpenAction << /S /JavaScript /JS (while \\(true\\) {}) >> "

    assert labels(await read(pdf(HAPPY, catalog=action), "script.pdf")) == ["happy"]


async def test_a_document_that_only_restricts_its_use_is_read() -> None:
    assert labels(await read(encrypted_pdf(HAPPY, ""), "locked.pdf")) == ["happy"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("secret.pdf", encrypted_pdf(HAPPY, "secret")),
        ("secret.docx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4_096)),
    ],
)
async def test_an_encrypted_document_is_refused(name: str, data: bytes) -> None:
    assert (await refusal(data, name)).code is ErrorCode.DOCUMENT_ENCRYPTED


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("scan.pdf", pdf("", "", "")),
        ("empty.docx", docx("")),
        ("empty.txt", b""),
        ("blank.md", b"\n \n\t\n"),
    ],
)
async def test_a_document_without_text_is_refused(name: str, data: bytes) -> None:
    assert (await refusal(data, name)).code is ErrorCode.DOCUMENT_WITHOUT_TEXT


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.pdf", b""),
        ("noise.pdf", b"\x93\x07noise" * 500),
        ("cut.pdf", pdf(HAPPY)[:200]),
        ("noise.docx", b"\x93\x07noise" * 500),
        ("other.docx", zip_bomb(2**20)),
        ("noise.txt", b"\x93\x07noise" * 500),
        ("binary.txt", b"a\0b"),
    ],
)
async def test_what_is_no_document_is_refused(name: str, data: bytes) -> None:
    assert (await refusal(data, name)).code is ErrorCode.DOCUMENT_INVALID


async def test_pages_at_the_limit_are_read_and_one_more_is_not() -> None:
    most = limits.MAX_DOCUMENT_PAGES
    found = await read(pdf(*["Hello."] * most), "long.pdf")
    refused = await refusal(pdf(*["Hello."] * (most + 1)), "longer.pdf")

    assert len(found) == most
    assert (refused.code, str(most) in refused.message) == (ErrorCode.DOCUMENT_TOO_LARGE, True)


async def test_characters_past_the_limit_are_refused() -> None:
    text = b"x" * (limits.MAX_DOCUMENT_CHARACTERS + 1)

    assert (await refusal(text, "long.txt")).code is ErrorCode.DOCUMENT_TOO_LARGE


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("DOCX", docx_of_tables("Results.", "All well.")),
        ("Markdown", b"| Results. |  |\n|---|---|\n|  | All well. |\n"),
    ],
)
def test_what_stands_in_tables_is_read_once(form: str, data: bytes) -> None:
    *_, page = answers(data, form)

    assert page == PageText(["Results.", "All well."])


def test_sentences_past_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_DOCUMENT_LINES", 3)
    opened, page = answers(b"No. No. No.", "text")
    *_, refused = answers(b"No. No. No. No.", "text")

    assert (opened, page) == (Opened(1), PageText(["No."] * 3))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.message) == (ErrorCode.DOCUMENT_TOO_LARGE, "at most 3 sentences")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Well. Who\nis it?\n \nNobody", ["Well.", "Who is it?", "Nobody"]),
        ("a\u3000\u3000\tb", ["a b"]),
        ("x" * 250, ["x" * 240, "x" * 10]),
    ],
)
def test_a_page_leaves_its_process_in_lines_that_a_model_can_read(
    text: str, lines: list[str]
) -> None:
    *_, page = answers(text.encode(), "text")

    assert page == PageText(lines)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bomb.docx", zip_bomb(limits.MAX_UNPACKED_BYTES + 2**20)),
        ("bomb.pdf", pdf_bomb(200_000_000)),
    ],
)
async def test_a_bomb_is_refused_and_its_memory_is_bounded(name: str, data: bytes) -> None:
    assert len(data) < 1_000_000
    # Before it runs a program of its own, a child counts as large as this process.
    await read(b"Hello.", "small.txt")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert (await refusal(data, name)).code is ErrorCode.DOCUMENT_TOO_LARGE
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss

    assert max(after - before, 0) < 400_000  # kilobytes


async def test_a_page_that_takes_too_long_ends_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document, "PAGE_SECONDS", 0.0)
    refused = await refusal(pdf(HAPPY), "slow.pdf")

    assert refused.code is ErrorCode.DOCUMENT_TOO_LARGE
    assert "longer than" in refused.message


async def test_giving_up_in_the_middle_ends_the_process() -> None:
    async with means() as using:
        subject = Subject("an analysis", "somebody", ("text",), 1_000)
        work = work_on(Paper(pdf(*[HAPPY] * 400), PDF), subject, using)
        async with aclosing(work.found()) as found:
            assert await anext(found)
            assert readers()
    assert not readers()
    assert 0 < work.fraction < 1


def readers() -> list[str]:
    """Return the processes that read documents for this one."""
    return [
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
        if b"analyses.extract" in Path("/proc", child, "cmdline").read_bytes()
    ]
