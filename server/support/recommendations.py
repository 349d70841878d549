"""Which entries of a catalogue are named after a session, and why. No asyncio, no clock.

The rule is that of mood-matching, the *iso principle* (Altshuler 1948): what is named first fits
what was shown, what follows leads step by step to the goal. docs/reference/recommendations.md has
it in words.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from math import hypot

from msgspec import UNSET

from esapr.protocol import limits
from esapr.protocol.recommendations import (
    Basis,
    Because,
    NoneBecause,
    NoRecommendation,
    Recommendation,
    Recommendations,
    Step,
)
from esapr.server.support.aftercare import Aftercare
from esapr.server.support.catalogue import Catalogue, Entry, Region

PURPOSES = frozenset(
    {"coaching", "demonstration", "research", "self_reflection", "telehealth", "therapy"}
)
"""Who is measured for another purpose gets none, whatever rules and receipts say."""

REACH = 0.15
"""Farthest distance, on the circumplex's scale of -1 to 1, of an entry's region from its point."""

PER_STEP = 6
"""Entries a step at most."""

Point = tuple[float, float]


def recommendations(session: str, care: Aftercare, catalogue: Catalogue) -> Recommendations:
    """Return what is named after a session, or why nothing is."""
    basis = care.shown.basis()
    reason = _reason_against(care, basis)
    return Recommendations(
        session=session,
        catalogue=catalogue.version,
        help_lines=care.named_help_lines,
        basis=None if reason else basis,
        abstain=NoRecommendation(reason, limits.RECOMMENDATION_SECONDS) if reason else None,
        items=[] if reason or not basis else recommend(catalogue, basis, care.language),
    )


def _reason_against(care: Aftercare, basis: Basis | None) -> NoneBecause | None:
    if care.purpose not in PURPOSES:
        return "purpose_excluded"
    if not care.agreed:
        return "not_agreed"
    if basis is None or basis.seconds < limits.RECOMMENDATION_SECONDS:
        return "too_little_evidence"
    return None


def recommend(catalogue: Catalogue, basis: Basis, language: str) -> list[Recommendation]:
    """Return the entries for what was shown, along the way to the goal."""
    way = way_to(catalogue.goal, (basis.valence, basis.arousal))
    fitting: list[list[tuple[float, Entry]]] = [[] for _ in way]
    for entry in catalogue.in_language(language):
        distances = [distance(entry.region, point) for _, point in way]
        nearest = min(range(len(way)), key=lambda step: (distances[step], step))
        if distances[nearest] <= REACH:
            fitting[nearest].append((distances[nearest], entry))
    return [
        _named(entry, Because(step, *point))
        for (step, point), found in zip(way, fitting, strict=True)
        for entry in _varied(_in_order(found, point))[:PER_STEP]
    ]


def way_to(goal: Region, shown: Point) -> list[tuple[Step, Point]]:
    """Return the points from what was shown to the nearest one of the goal.

    What is as pleasant as the goal is only matched: nobody is led away from it.
    """
    if shown[0] >= goal.valence[0]:
        return [("match", shown)]
    end = (_within(shown[0], goal.valence), _within(shown[1], goal.arousal))
    half = (round((shown[0] + end[0]) / 2, 4), round((shown[1] + end[1]) / 2, 4))
    return [("match", shown), ("towards", half), ("goal", end)]


def distance(region: Region, point: Point) -> float:
    """Return how far a point lies from a region, 0 within it."""
    valence, arousal = point
    return hypot(
        valence - _within(valence, region.valence), arousal - _within(arousal, region.arousal)
    )


def _within(value: float, side: tuple[float, float]) -> float:
    return min(max(value, side[0]), side[1])


def _in_order(found: Iterable[tuple[float, Entry]], point: Point) -> list[Entry]:
    """Return the nearest first; of two that are as near, that with the nearer centre."""
    ranked = sorted((far, _off_centre(each.region, point), each.id, each) for far, each in found)
    return [entry for *_, entry in ranked]


def _off_centre(region: Region, point: Point) -> float:
    valence, arousal = (sum(side) / 2 for side in (region.valence, region.arousal))
    return hypot(point[0] - valence, point[1] - arousal)


def _varied(entries: Sequence[Entry]) -> list[Entry]:
    """Return one of each kind in turn; those of a kind stay in order."""
    kinds = dict.fromkeys(entry.kind for entry in entries)
    rows = ([entry for entry in entries if entry.kind == kind] for kind in kinds)
    return [entry for entry in chain.from_iterable(zip_longest(*rows)) if entry]


def _named(entry: Entry, because: Because) -> Recommendation:
    return Recommendation(
        id=entry.id,
        title=entry.title,
        kind=entry.kind,
        language=entry.language,
        licence=entry.licence,
        minutes=entry.minutes,
        evidence=entry.known(),
        because=because,
        url=entry.url or UNSET,
        text=entry.text or UNSET,
    )
