"""The sections on what was measured. No asyncio, no clock."""

from esapr.protocol.report import Report
from esapr.server.reports import plots
from esapr.server.reports.blocks import Cell, Plot, Section, Text
from esapr.server.reports.figures import Figure, Form, clock
from esapr.server.reports.parts import (
    NOTHING,
    absent,
    between,
    facts,
    listed,
    moment,
    section,
    share,
    table,
)
from esapr.server.reports.words import Words, named


def session(report: Report, words: Words) -> Section:
    """Return who, when, what for and how much."""
    mean = report.expression
    rows: list[tuple[str, Cell]] = [
        ("participant", report.participant),
        ("session", report.session),
        ("opened", moment(report.opened_at)),
        ("closed", moment(report.closed_at)),
        ("reason", named(words.ending, report.reason) if report.reason else NOTHING),
        ("purpose", named({}, report.purpose or NOTHING)),
        ("measured", ", ".join(named(words.modality, each) for each in report.modalities)),
        ("recorded", Figure(report.recorded_ms, "length")),
        ("states", Figure(report.states, "count")),
        ("fused", Figure(report.fused, "count")),
    ]
    if mean:
        rows += [
            ("confidence", Figure(mean.confidence, "share")),
            ("valence", Figure(mean.valence, "signed")),
            ("arousal", Figure(mean.arousal, "signed")),
        ]
    return section(words, "session", facts(words, rows))


def timeline(report: Report, words: Words) -> Section:
    """Return the drawing over time."""
    if not report.timeline:
        return Section(words.heading["timeline"], [Text(words.nothing_fused)])
    begin, end = report.timeline[0].t_start_ms, report.timeline[-1].t_end_ms
    alt = words.plot["timeline"].format(start=clock(begin), end=clock(end))
    return section(words, "timeline", Plot(plots.timeline(report, words), alt))


def distribution(report: Report, words: Words) -> Section:
    """Return how much of the time each expression was the highest."""
    mean = report.expression
    if mean is None:
        return Section(words.heading["distribution"], [Text(words.nothing_fused)])
    rows: list[list[Cell]] = [
        [
            named(words.expression, label),
            Figure(report.shares.get(label, 0.0), "share"),
            Figure(prob, "share"),
        ]
        for label, prob in zip(report.labels, mean.probs, strict=True)
    ]
    plot = Plot(plots.distribution(report, words), words.plot["distribution"])
    return section(words, "distribution", plot, table(words, ("expression", "share", "mean"), rows))


def segments(report: Report, words: Words) -> Section:
    """Return the longest stretches of one expression."""
    longest = sorted(report.segments, key=lambda each: each.t_start_ms - each.t_end_ms)
    rows: list[list[Cell]] = [
        [
            named(words.expression, each.label),
            between(words, each.t_start_ms, each.t_end_ms),
            Figure(each.t_end_ms - each.t_start_ms, "length"),
            Figure(each.confidence, "share"),
        ]
        for each in longest
    ]
    return listed(words, "segments", ("expression", "time", "length", "confidence"), rows)


def transitions(report: Report, words: Words) -> Section:
    """Return which expression followed which."""
    rows: list[list[Cell]] = [
        [
            named(words.expression, each.before),
            named(words.expression, each.after),
            Figure(each.count, "count"),
        ]
        for each in report.transitions
    ]
    return listed(words, "transitions", ("before", "after", "count"), rows)


def evidence(report: Report, words: Words) -> Section:
    """Return how much there was of each modality, and how good."""
    rows: list[list[Cell]] = []
    for modality in report.modalities:
        name, found = named(words.modality, modality), report.evidence.get(modality)
        if found is None:
            rows.append([name, Figure(0, "share"), NOTHING, NOTHING, NOTHING])
            continue
        flags = [
            f"{named(words.condition, flag)} {share(part, words)}"
            for flag, part in found.quality.items()
        ]
        rows.append(
            [
                name,
                Figure(found.present, "share"),
                Figure(found.coverage, "share"),
                Figure(found.weight, "share"),
                ", ".join(flags) or NOTHING,
            ]
        )
    head = ("modality", "present", "coverage", "weight", "quality")
    return section(words, "evidence", table(words, head, rows))


def abstained(report: Report, words: Words) -> Section:
    """Return why states have no expression."""
    rows: list[list[Cell]] = [
        [named(words.abstained, reason), Figure(count, "count")]
        for reason, count in report.abstained.items()
    ]
    return listed(words, "abstained", ("reason", "states"), rows)


def blinks(report: Report, words: Words) -> Section:
    """Return how often somebody blinked."""
    blinks = report.blinks
    if blinks is None:
        return absent(report, words, "blinks")
    rows: list[tuple[str, Cell]] = [
        ("blinks", Figure(blinks.total, "count")),
        ("per_minute", Figure(blinks.per_minute, "rate")),
    ]
    return section(words, "blinks", facts(words, rows))


def voice(report: Report, words: Words) -> Section:
    """Return how long and how somebody spoke; what was not measured is left out."""
    voice = report.voice
    if voice is None:
        return absent(report, words, "voice")
    rows: list[tuple[str, Cell]] = [
        ("speaking", Figure(voice.speaking_ms, "length")),
        ("turns", Figure(voice.turns, "count")),
        ("loudness", Figure(voice.loudness_db, "loudness")),
        ("speaking_share", Figure(voice.speaking_share, "share")),
    ]
    further: list[tuple[str, float | None, Form]] = [
        ("pauses_per_minute", voice.pauses_per_minute, "rate"),
        ("pause_length", voice.pause_ms, "length"),
        ("pitch", voice.pitch_hz, "pitch"),
        ("pitch_range", voice.pitch_range_st, "interval"),
        ("speaking_rate", voice.syllables_per_second, "rate"),
    ]
    rows += [(name, Figure(value, form)) for name, value, form in further if value is not None]
    return section(words, "voice", facts(words, rows))


def frequent_words(report: Report, words: Words) -> Section:
    """Return the words that were written most often."""
    if report.words is None:
        return absent(report, words, "words")
    rows: list[list[Cell]] = [
        [
            each.word,
            Figure(each.count, "count"),
            Figure(each.share, "share"),
            NOTHING if each.earlier is None else Figure(each.earlier, "share"),
        ]
        for each in report.words
    ]
    return listed(words, "words", ("word", "count", "of_words", "earlier"), rows)


def traits(report: Report, words: Words) -> Section:
    """Return what was written says of each trait, and how far that is to be trusted."""
    traits = report.traits
    if traits is None or traits.scores is None:
        return absent(report, words, "traits")
    rows: list[list[Cell]] = [
        [
            named(words.trait, name),
            Figure(each.score, "share"),
            Figure(each.low, "share"),
            Figure(each.high, "share"),
        ]
        for name, each in traits.scores.items()
    ]
    count = facts(words, [("words", Figure(traits.words, "count"))])
    return section(words, "traits", count, table(words, ("trait", "score", "low", "high"), rows))


def warnings(report: Report, words: Words) -> Section:
    """Return what degraded the scores, and when."""
    rows: list[list[Cell]] = [
        [named(words.condition, each.code), between(words, each.t_start_ms, each.t_end_ms)]
        for each in report.warnings
    ]
    return listed(words, "warnings", ("condition", "time"), rows)


def gaps(report: Report, words: Words) -> Section:
    """Return when there were no states."""
    rows: list[list[Cell]] = [
        [
            between(words, each.t_start_ms, each.t_end_ms),
            Figure(each.t_end_ms - each.t_start_ms, "length"),
        ]
        for each in report.gaps
    ]
    return listed(words, "gaps", ("time", "length"), rows)
