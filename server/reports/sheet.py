"""A report as blocks in a language. No asyncio, no clock.

What the JSON has as null is not left out: the reader is told why it is not there.
"""

from esapr.protocol.report import Report
from esapr.server.reports import beside, measured
from esapr.server.reports.beside import Background
from esapr.server.reports.blocks import Block, Section, Sheet, Text
from esapr.server.reports.parts import paragraphs
from esapr.server.reports.words import words_of

_SECTIONS = (
    measured.session,
    measured.timeline,
    measured.distribution,
    measured.segments,
    measured.transitions,
    measured.evidence,
    measured.abstained,
    measured.blinks,
    measured.voice,
    measured.frequent_words,
    measured.traits,
    measured.warnings,
    measured.gaps,
    beside.comparison,
    beside.cohort,
    beside.consent,
)


def sheet(report: Report, background: Background, language: str) -> Sheet:
    """Return the whole report."""
    words = words_of(language)
    lead: list[Block] = [Text(words.says), Text(words.cannot, warning=True)]
    if report.closed_at is None:
        lead.append(Text(words.open, warning=True))
    sections = [make(report, words) for make in _SECTIONS]
    sections.append(beside.models(report, background, words))
    if background.notice:
        sections.append(Section(words.heading["notice"], paragraphs(background.notice)))
    title = f"{words.title}: {report.participant}"
    return Sheet(language, words.decimal, title, lead, sections)
