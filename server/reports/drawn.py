"""States that nobody has recorded, drawn as a report draws them. No asyncio, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from esapr.inference.emotions import LABELS
from esapr.protocol.messages import State
from esapr.protocol.report import Point, Span
from esapr.protocol.requests import Modality
from esapr.server.records import summary
from esapr.server.records.packing import recorded_state, state_row
from esapr.server.reports import plots
from esapr.server.reports.words import Words

POINTS = 600
"""More than a plot of this width shows; a point is a mean of as many states as there must be."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    labels: Sequence[str]
    modalities: Sequence[Modality]
    gaps: Sequence[Span]
    timeline: Sequence[Point]


def timeline(states: Sequence[State], words: Words) -> str:
    """Return an SVG of one state or more: the probabilities over time, and a lane a modality."""
    recorded = [recorded_state(state_row(state)) for state in states]
    points = summary.timeline(recorded, POINTS)
    modalities: tuple[Modality, ...] = get_args(Modality)
    with_evidence = [each for each in modalities if any(each in point.evidence for point in points)]
    return plots.timeline(_Drawn(LABELS, with_evidence, summary.gaps(recorded), points), words)
