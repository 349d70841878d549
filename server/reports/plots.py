"""The drawings of the report, as SVG. No asyncio, no clock.

Colours and dashes are those of the pages (``web_client/src/style/tokens.css``). They are
attributes, for what knows no style sheet; a page replaces them by the class of the element.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol
from xml.sax.saxutils import escape, quoteattr

from esapr.protocol.report import Point, Report, Span
from esapr.protocol.requests import Modality
from esapr.server.reports.figures import Figure, clock, shown
from esapr.server.reports.words import Words, named

COLOURS: Mapping[str, tuple[str, str]] = {
    "angry": ("#c8460a", "#f0703a"),
    "disgust": ("#00805f", "#1fb98e"),
    "fear": ("#b0568e", "#dd92c2"),
    "happy": ("#b07a00", "#f0b429"),
    "sad": ("#0a4f9e", "#4d8df0"),
    "surprise": ("#2f8fcb", "#86d0f5"),
    "neutral": ("#6e7a85", "#a3aeb8"),
}
"""Of each expression, on light and on dark."""

_DASHES = {"disgust": "8 4", "sad": "8 4", "fear": "2 3", "surprise": "2 3"}
_MUTED, _LINE, _ACCENT, _DANGER = "#55636f", "#dde3e9", "#0b6e8a", "#a8321a"

WIDTH: Final = 720
_LEFT, _RIGHT = 76, 18
_CURVES, _STRIP, _LANE, _GAP = 170, 14, 34, 14
_MAX_TICKS = 8
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where a time on the session clock lies."""

    begin: int
    end: int

    def x(self, ms: float) -> float:
        share = (ms - self.begin) / max(1, self.end - self.begin)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def ticks(self) -> list[int]:
        seconds = (self.end - self.begin) / 1000
        step = next((s for s in _STEPS if seconds / s <= _MAX_TICKS), _STEPS[-1]) * 1000
        return list(range(-(-self.begin // step) * step, self.end + 1, step))

    def place(self, point: Point, y: float, height: float) -> str:
        x = self.x(point.t_start_ms)
        wide = max(0.5, round(self.x(point.t_end_ms) - x, 1))
        return f'x="{x}" y="{round(y, 1)}" width="{wide}" height="{round(height, 1)}"'


class Timeline(Protocol):
    """What is needed of a report to draw its timeline."""

    @property
    def labels(self) -> Sequence[str]:
        """The order of every ``probs``."""

    @property
    def modalities(self) -> Sequence[Modality]:
        """Those with a lane."""

    @property
    def gaps(self) -> Sequence[Span]:
        """Times without states."""

    @property
    def timeline(self) -> Sequence[Point]:
        """At least one."""


def timeline(report: Timeline, words: Words) -> str:
    """Return the probabilities over time, with the highest one and a lane a modality."""
    points = report.timeline
    axis = _Axis(points[0].t_start_ms, points[-1].t_end_ms)
    top = 44
    strip = top + _CURVES + _GAP
    lanes = strip + _STRIP + _GAP
    bottom = lanes + len(report.modalities) * (_LANE + _GAP)
    return _svg(
        bottom + 22,
        [
            *_legend(report.labels, words),
            *_grid(axis, top, bottom),
            *(_gap(axis, span.t_start_ms, span.t_end_ms, top, bottom) for span in report.gaps),
            *(
                _curve(axis, points, column, label, top)
                for column, label in enumerate(report.labels)
            ),
            _text(0, strip + 11, words.plot["highest"]),
            *(_highest(axis, point, strip, words) for point in points if point.label),
            *(
                _lane(axis, points, modality, lanes + row * (_LANE + _GAP), words)
                for row, modality in enumerate(report.modalities)
            ),
        ],
    )


def distribution(report: Report, words: Words) -> str:
    """Return the share of the time in which each expression was the highest, as bars."""
    widest, height = WIDTH - 110 - 70, 22
    parts: list[str] = []
    for row, label in enumerate(report.labels):
        share, y = report.shares.get(label, 0.0), row * (height + 4)
        parts += [
            _text(0, y + 16, named(words.expression, label)),
            f'<rect class="track" x="110" y="{y}" width="{widest}" height="{height}" '
            f'fill="{_LINE}"/>',
            f'<rect class="e-{label}" x="110" y="{y}" width="{round(widest * share, 1)}" '
            f'height="{height}" fill="{_colour(label)}"/>',
            _text(WIDTH, y + 16, shown(Figure(share, "share"), words.decimal), "end"),
        ]
    return _svg(len(report.labels) * (height + 4), parts)


def _legend(labels: Sequence[str], words: Words) -> list[str]:
    wide = (WIDTH - _LEFT) / 4
    parts = []
    for number, label in enumerate(labels):
        x, y = _LEFT + number % 4 * wide, 10 + number // 4 * 16
        parts += [
            f'<line x1="{x}" x2="{x + 22}" y1="{y}" y2="{y}" {_stroke(label)}/>',
            _text(x + 28, y + 4, named(words.expression, label)),
        ]
    return parts


def _grid(axis: _Axis, top: int, bottom: int) -> list[str]:
    parts = []
    for share in (0, 50, 100):
        y = round(top + _CURVES * (1 - share / 100), 1)
        parts += [
            f'<line class="line" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}" '
            f'stroke="{_LINE}"/>',
            _text(_LEFT - 6, y + 4, f"{share} %", "end"),
        ]
    for tick in axis.ticks():
        x = axis.x(tick)
        parts += [
            f'<line class="line" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}" stroke="{_LINE}"/>',
            _text(x, bottom + 14, clock(tick).removesuffix(".0"), "middle"),
        ]
    return parts


def _gap(axis: _Axis, begin: int, end: int, top: int, bottom: int) -> str:
    x = axis.x(begin)
    return (
        f'<rect class="gap" x="{x}" y="{top}" width="{round(axis.x(end) - x, 1)}" '
        f'height="{bottom - top}" fill="{_LINE}"/>'
    )


def _curve(axis: _Axis, points: Sequence[Point], column: int, label: str, top: int) -> str:
    """Return one probability; it is broken where there is none."""
    path: list[str] = []
    for before, point in pairwise([None, *points]):
        if point is None or point.expression is None:
            continue
        y = round(top + _CURVES * (1 - point.expression.probs[column]), 1)
        joined = before and before.expression and before.t_end_ms >= point.t_start_ms
        path += [f"{'L' if joined else 'M'}{axis.x(point.t_start_ms)} {y}"]
        path += [f"H{axis.x(point.t_end_ms)}"]
    return f'<path d="{"".join(path)}" fill="none" {_stroke(label)}/>' if path else ""


def _highest(axis: _Axis, point: Point, y: int, words: Words) -> str:
    label = point.label or ""
    title = named(words.expression, label)
    return _box(axis.place(point, y, _STRIP), f"e-{label}", _colour(label), title)


def _lane(axis: _Axis, points: Sequence[Point], modality: Modality, y: int, words: Words) -> str:
    base = y + _LANE
    ground = f'x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{base}" y2="{base}"'
    parts = [
        _text(0, base - 4, named(words.modality, modality)),
        f'<line class="line" {ground} stroke="{_LINE}"/>',
    ]
    cover: list[str] = []
    for point in points:
        evidence = point.evidence.get(modality)
        if evidence is None:
            continue
        height = _LANE * evidence.weight
        parts.append(_box(axis.place(point, base - height, height), "weight", _ACCENT))
        if evidence.quality:
            flags = ", ".join(named(words.condition, flag) for flag in evidence.quality)
            parts.append(_box(axis.place(point, base + 2, 4), "flag", _DANGER, flags))
        level = round(base - _LANE * evidence.coverage, 1)
        cover.append(f"M{axis.x(point.t_start_ms)} {level}H{axis.x(point.t_end_ms)}")
    if not cover:
        return "".join([*parts, _text(_LEFT + 6, base - 4, words.plot["no_evidence"])])
    line = f'd="{"".join(cover)}" fill="none" stroke="{_MUTED}" stroke-width="1.5"'
    return "".join([*parts, f'<path class="coverage" {line}/>'])


def _box(place: str, kind: str, colour: str, title: str = "") -> str:
    inside = f"<title>{escape(title)}</title>" if title else ""
    return f'<rect class="{kind}" {place} fill="{colour}">{inside}</rect>'


def _colour(label: str) -> str:
    return COLOURS.get(label, (_MUTED, _MUTED))[0]


def _stroke(label: str) -> str:
    dash = f' stroke-dasharray="{_DASHES[label]}"' if label in _DASHES else ""
    return f'class="s-{label}" stroke="{_colour(label)}" stroke-width="2"{dash}'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor={quoteattr(anchor)} fill="{_MUTED}">'
        f"{escape(text)}</text>"
    )


def _svg(height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-size="12" '
        f'font-family="Inter, Libertinus Serif, sans-serif">{"".join(parts)}</svg>'
    )
