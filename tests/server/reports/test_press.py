"""The PDF: made in a process with limits, and read back."""

import asyncio
import re
from io import BytesIO

import pytest
from pypdf import PdfReader

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.reports.paper import paper
from esapr.server.reports.press import Press
from esapr.server.reports.sheet import sheet
from tests.server.reports.recorded import BACKGROUND, empty_report, whole_report

pytestmark = pytest.mark.real_time


def text_of(pdf: bytes) -> str:
    pages = (page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return re.sub(r"\s+", " ", " ".join(pages))


async def test_every_number_is_the_jsons() -> None:
    made = whole_report()
    text = text_of(await Press().pdf(paper(sheet(made, BACKGROUND, "en"))))

    mean, comparison, cohort = made.expression, made.comparison, made.cohort
    assert mean
    assert made.blinks
    assert made.voice
    assert comparison
    assert cohort
    assert made.words
    rows = [
        f"Recorded time {made.recorded_ms / 1000:.1f} s",
        f"States {made.states} ",
        f"With an expression {made.fused} ",
        f"Mean confidence {mean.confidence:.1%}",
        *(
            f"{label} {made.shares.get(label, 0):.1%} {prob:.1%}"
            for label, prob in zip(made.labels, mean.probs, strict=True)
        ),
        *(f"{(s.t_end_ms - s.t_start_ms) / 1000:.1f} s {s.confidence:.1%}" for s in made.segments),
        *(f"{each.before} {each.after} {each.count}" for each in made.transitions),
        *(f"{e.present:.1%} {e.coverage:.1%} {e.weight:.1%}" for e in made.evidence.values()),
        f"no face in view {made.abstained['no_face']}",
        f"Blinks seen {made.blinks.total} A minute with a face {made.blinks.per_minute:.1f}",
        f"Speaking time {made.voice.speaking_ms / 1000:.1f} s Turns {made.voice.turns}",
        *(f"{each.word} {each.count} {each.share:.1%} {each.earlier:.1%}" for each in made.words),
        *(
            f"{label} {change:+.1f}".replace("-", "\u2212")
            for label, change in zip(
                made.labels, (100 * prob for prob in comparison.change.probs), strict=True
            )
        ),
        f"People in the group {cohort.people}",
    ]
    # The page prints a blank before the sign, Python's format does not.
    assert [row for row in rows if row.replace("%", " %") not in text] == []


async def test_it_is_accessible_and_in_its_language() -> None:
    reader = PdfReader(BytesIO(await Press().pdf(paper(sheet(empty_report(), BACKGROUND, "de")))))

    catalogue = reader.trailer["/Root"]
    assert catalogue["/Lang"] == "de"
    assert catalogue["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Sitzungsbericht: Ada"
    assert "pdfuaid:part" in catalogue["/Metadata"].get_data().decode()


async def test_what_cannot_be_printed_is_refused_and_the_next_one_is_printed() -> None:
    press = Press()
    with pytest.raises(ProtocolError) as raised:
        await press.pdf(b"no sheet")
    assert raised.value.code is ErrorCode.INTERNAL
    assert (await press.pdf(paper(sheet(empty_report(), BACKGROUND, "en")))).startswith(b"%PDF")


async def test_more_than_may_wait_are_refused_at_once() -> None:
    press = Press()
    printed = paper(sheet(empty_report(), BACKGROUND, "en"))
    async with asyncio.TaskGroup() as group:
        jobs = [group.create_task(press.pdf(printed)) for _ in range(limits.MAX_PDFS)]
        await asyncio.sleep(0)
        with pytest.raises(ProtocolError) as raised:
            await press.pdf(printed)
    assert raised.value.code is ErrorCode.OVERLOADED
    assert all(job.result().startswith(b"%PDF") for job in jobs)
