"""A picture of ``bench scale``: two charts over the number of sessions, as SVG by hand.

A plotting library would be the heaviest dependency of the project, for one picture.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from esapr.load_tests.bench.scale import Step

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 400, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 64, 44
INK, GRID = "#1f2933", "#d9dee3"
COLOURS = ("#0072b2", "#e69f00", "#d55e00", "#009e73")
"""Okabe & Ito (2008): told apart by the colour-blind as well."""

TICKS = 5


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: lines by name, each a list of (sessions, value)."""

    title: str
    lines: Mapping[str, Points]


def curve(steps: Sequence[Step], note: str) -> str:
    """Return the SVG document of at least one step; ``note`` is set under the charts."""
    quantiles = {"p50": "p50_ms", "p95": "p95_ms", "p99": "p99_ms"}
    latency = {name: _points(steps, field) for name, field in quantiles.items()}
    cores = {
        "server": _points(steps, "server_cores"),
        "load peers": _points(steps, "peers_cores"),
    }
    charts = (Chart("capture to state, ms", latency), Chart("processor, cores", cores))
    width, height = WIDTH * len(charts), HEIGHT + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for column, chart in enumerate(charts):
        parts.append(f'<g transform="translate({column * WIDTH} 0)">{_draw(chart)}</g>')
    parts.append(_text(width / 2, height - 10, note, "middle"))
    return "\n".join([*parts, "</svg>\n"])


def _points(steps: Sequence[Step], field: str) -> Points:
    values = ((step.sessions, getattr(step, field)) for step in steps if step.failure is None)
    return [(float(sessions), float(value)) for sessions, value in values if value is not None]


def _draw(chart: Chart) -> str:
    every = [point for points in chart.lines.values() for point in points] or [(1.0, 1.0)]
    across = _nice(max(sessions for sessions, _ in every))
    up = _nice(max(value for _, value in every))

    def x(sessions: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * sessions / across

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / up

    parts = [_text(LEFT, 22, chart.title, "start", weight="bold")]
    for tick in range(TICKS + 1):
        value, sessions = up * tick / TICKS, across * tick / TICKS
        parts.append(
            f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="{GRID}" fill="none"/>'
        )
        parts.append(_text(LEFT - 6, y(value) + 4, f"{value:g}", "end"))
        parts.append(_text(x(sessions), HEIGHT - BOTTOM + 18, f"{sessions:g}", "middle"))
    parts.append(_text((LEFT + WIDTH) / 2, HEIGHT - 8, "sessions", "middle"))
    for number, (name, points) in enumerate(chart.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x(sessions):.1f},{y(value):.1f}" for sessions, value in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x(sessions):.1f}" cy="{y(value):.1f}" r="3" fill="{colour}"/>'
            for sessions, value in points
        ]
        parts.append(_text(LEFT + 90 * number, 44, f"● {name}", "start", fill=colour))
    return "\n".join(parts)


def _nice(highest: float) -> float:
    """Return the least of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 x 10^n that is not below ``highest``."""
    if highest <= 0:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(highest))
    steps = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return next(step * unit for step in steps if step * unit >= highest * (1 - 1e-9))


def _text(
    x: float, y: float, words: str, anchor: str, *, weight: str = "normal", fill: str = INK
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{fill}">{escape(words)}</text>'
    )
