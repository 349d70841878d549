"""The sections on what the session stands beside: others, consent, models. No asyncio, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass

from esapr.protocol.report import Expression, Report
from esapr.protocol.requests import ModelInfo
from esapr.server.reports.blocks import Cell, Section, Table, Text
from esapr.server.reports.figures import Figure
from esapr.server.reports.parts import NOTHING, absent, facts, highest, moment, section, table
from esapr.server.reports.words import Words, named


@dataclass(frozen=True, slots=True)
class Background:
    """What the server knows beside the record: the notice that was shown, and its models."""

    notice: str
    """Empty where that version is not there any more."""
    models: Sequence[ModelInfo]


def comparison(report: Report, words: Words) -> Section:
    """Return how the session differs from the participant's own earlier ones."""
    comparison = report.comparison
    if comparison is None:
        return absent(report, words, "comparison")
    rows: list[list[Cell]] = [
        [
            moment(each.opened_at),
            Figure(each.fused, "count"),
            highest(report.labels, each.expression, words),
            Figure(each.expression.confidence, "share"),
            Figure(each.expression.valence, "signed"),
            Figure(each.expression.arousal, "signed"),
        ]
        for each in comparison.earlier
    ]
    head = ("session", "fused", "highest", "confidence", "valence", "arousal")
    change = _changes(report, comparison.change, None, words)
    return section(words, "comparison", table(words, head, rows), change)


def cohort(report: Report, words: Words) -> Section:
    """Return how the session differs from a group, without anybody of it."""
    cohort = report.cohort
    if cohort is None:
        return absent(report, words, "cohort")
    people = facts(words, [("people", Figure(cohort.people, "count"))])
    change = _changes(report, cohort.change, cohort.expression, words)
    return section(words, "cohort", people, change)


def _changes(report: Report, change: Expression, group: Expression | None, words: Words) -> Table:
    rows: list[list[Cell]] = []
    for column, label in enumerate(report.labels):
        beside: list[Cell] = [Figure(group.probs[column], "share")] if group else []
        rows.append(
            [named(words.expression, label), *beside, Figure(change.probs[column], "points")]
        )
    head = ("expression", "group", "change") if group else ("expression", "change")
    return table(words, head, rows)


def consent(report: Report, words: Words) -> Section:
    """Return under which consent the session was recorded, and that it can be withdrawn."""
    receipt = report.consent
    rows: list[tuple[str, Cell]] = [
        ("given_at", moment(receipt.given_at)),
        ("method", named(words.method, receipt.method)),
        ("covers", "; ".join(named(words.covers, each) for each in receipt.covers)),
        ("text_version", receipt.text_version),
        ("language", receipt.language),
        ("withdrawal", words.fact["withdrawn"]),
    ]
    return section(words, "consent", facts(words, rows))


def models(report: Report, background: Background, words: Words) -> Section:
    """Return the models of the session, their licences and where they fail."""
    cards = {f"{card.name}@{card.version}": card for card in background.models}
    rows: list[list[Cell]] = []
    for modality in report.modalities:
        used = report.models.get(modality, NOTHING)
        card = cards.get(used)
        commercial = (words.yes if card.commercial_use else words.no) if card else NOTHING
        rows.append([used.replace("@", " "), card.licence if card else NOTHING, commercial])
    limits = [Text(f"{words.modality[m]}: {words.limits[m]}") for m in report.modalities]
    cards_in_use = table(words, ("model", "licence", "commercial"), rows)
    return section(words, "models", cards_in_use, *limits)
