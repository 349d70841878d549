"""Two sides of a comparison, each of one or several runs. No asyncio, no clock.

One run a side says how far they lie apart, but not whether that is more than chance. With several,
a figure is told apart only if all values of one side lie beyond all values of the other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import structs

from esapr.load_tests.bench.repeated import Repeated
from esapr.load_tests.reports.figures import FIGURES, Figure
from esapr.load_tests.result import Result
from esapr.load_tests.scenario import Scenario

Verdict = Literal["better", "worse", "same", "within noise", "noise unknown", "not measured"]

_REPETITION = frozenset({"name", "seed"})
"""What may differ between repetitions of one thing."""

_STUDIED = _REPETITION | {"network", "chaos", "gateways", "processes", "thresholds"}
"""What may differ between the sides: the load is the same, what it meets is not."""


class IncomparableError(Exception):
    """The runs do not play the same load; the message names what differs."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure on both sides, a value a run."""

    figure: Figure
    a: Repeated
    b: Repeated

    @property
    def measured(self) -> bool:
        """Whether both sides have it."""
        return bool(self.a.values and self.b.values)

    @property
    def ratio(self) -> float | None:
        """Median of B over median of A; None without both, or over nothing."""
        return self.b.median / self.a.median if self.measured and self.a.median else None

    @property
    def difference(self) -> float | None:
        """Median of B less median of A."""
        return self.b.median - self.a.median if self.measured else None

    @property
    def noise(self) -> float | None:
        """Range over median of the side that scatters more; None if no side has two runs."""
        several = [side.noise for side in (self.a, self.b) if len(side.values) > 1]
        return max(several) if self.measured and several else None

    @property
    def verdict(self) -> Verdict:
        """What can be said of B against A."""
        if not self.measured:
            return "not measured"
        a, b = self.a.values, self.b.values
        if {*a} == {*b} and len({*a}) == 1:
            return "same"
        if len(a) == 1 or len(b) == 1:
            return "noise unknown"
        if max(a) >= min(b) and max(b) >= min(a):
            return "within noise"
        return "better" if (max(b) < min(a)) == (self.figure.better == "less") else "worse"


@dataclass(frozen=True, slots=True)
class Comparison:
    """All figures of both sides, and what else differs between them."""

    a: Sequence[Result]
    b: Sequence[Result]
    differences: Sequence[str]
    figures: Sequence[Compared]

    @property
    def chance(self) -> float:
        """How likely the ranges of a figure lie apart though nothing differs.

        Of all orders in which the runs could have come, two have one side beyond the other.
        """
        return 2 / math.comb(len(self.a) + len(self.b), len(self.a))

    @property
    def note(self) -> str:
        """What the number of runs lets one say."""
        if min(len(self.a), len(self.b)) == 1:
            return (
                "One run on a side: how far runs of the same thing lie apart is unknown, so no "
                "figure is called better or worse."
            )
        return (
            f"{len(self.a)} runs against {len(self.b)}: a figure is better or worse where all "
            "runs of one side lie beyond all of the other, which chance alone does to "
            f"{self.chance:.0%} of the figures."
        )


def compare(a: Sequence[Result], b: Sequence[Result]) -> Comparison:
    """Compare the runs of two sides, at least one each.

    Raises:
        IncomparableError: they do not play the same load, or a side is not one thing repeated.
    """
    for side in (a, b):
        for result in side[1:]:
            _require_alike(side[0].scenario, result.scenario, _REPETITION)
    _require_alike(a[0].scenario, b[0].scenario, _STUDIED)
    return Comparison(a, b, _differences(a[0], b[0]), [_compared(each, a, b) for each in FIGURES])


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Return the keys of ``esapr loadtest compare --json``."""
    return {
        "runs": {"a": len(comparison.a), "b": len(comparison.b)},
        "differences": [*comparison.differences],
        "note": comparison.note,
        "figures": {
            each.figure.name: {
                "a": [*each.a.values],
                "b": [*each.b.values],
                "ratio": each.ratio,
                "noise": each.noise,
                "verdict": each.verdict,
            }
            for each in comparison.figures
        },
    }


def _compared(figure: Figure, a: Sequence[Result], b: Sequence[Result]) -> Compared:
    sides = ([figure.of(result) for result in side] for side in (a, b))
    # A figure that some runs of a side lack is not one of that side.
    known = [
        Repeated([] if None in values else [value for value in values if value is not None])
        for values in sides
    ]
    return Compared(figure, *known)


def _differing(a: Scenario, b: Scenario) -> dict[str, tuple[Any, Any]]:
    both = zip(structs.asdict(a).items(), structs.asdict(b).values(), strict=True)
    return {name: (ours, theirs) for (name, ours), theirs in both if ours != theirs}


def _require_alike(a: Scenario, b: Scenario, free: frozenset[str]) -> None:
    unlike = {name: pair for name, pair in _differing(a, b).items() if name not in free}
    if unlike:
        raise IncomparableError(
            "not the same load: "
            + ", ".join(
                f"`{name}` is {ours} and {theirs}" for name, (ours, theirs) in unlike.items()
            )
        )


def _differences(a: Result, b: Result) -> list[str]:
    found = [
        f"{name}: {_said(ours)} and {_said(theirs)}"
        for name, (ours, theirs) in _differing(a.scenario, b.scenario).items()
        if name not in _REPETITION | {"thresholds"}
    ]
    if a.server_version != b.server_version:
        found.append(f"server: {a.server_version or '?'} and {b.server_version or '?'}")
    machines = [f"{each.machine.processor}, {each.machine.cores} cores" for each in (a, b)]
    if machines[0] != machines[1]:
        found.append(f"machine: {machines[0]} and {machines[1]}")
    return found


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(fault.kind for fault in value) or "none"
    return f"{value}"
