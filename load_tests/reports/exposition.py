"""Reads what servers say of themselves at ``/metrics``. No asyncio, no clock.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

Series = tuple[str, frozenset[tuple[str, str]]]
"""The name of a sample and its labels."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Observations by bucket: ``counts`` maps an upper bound to what lies between it and the last.

    The highest bound is infinite. ``total`` is the sum of what was observed.
    """

    counts: Mapping[float, float]
    total: float

    @property
    def count(self) -> float:
        """How many observations there are."""
        return sum(self.counts.values())

    @property
    def mean(self) -> float | None:
        """The mean, or None if nothing was observed."""
        return self.total / self.count if self.count else None

    def quantile(self, share: float) -> float | None:
        """Return a quantile as Prometheus' ``histogram_quantile`` does: linear within a bucket.

        What lies above the highest finite bound counts as that bound: the value is a floor then.
        """
        rank, low = share * self.count, 0.0
        if not self.count:
            return None
        for bound, count in sorted(self.counts.items()):
            if bound == inf:
                break
            if count and rank <= count:
                return low + (bound - low) * rank / count
            rank, low = rank - count, bound
        return low


@dataclass(frozen=True, slots=True)
class Values:
    """Values by series; every question sums over the series that carry the given labels."""

    series: Mapping[Series, float] = field(default_factory=dict)

    def sum(self, name: str, **labels: str) -> float:
        """Return the sum of the series of a name; 0 if there is none."""
        return sum(self._found(name, labels).values())

    def has(self, name: str) -> bool:
        """Whether there is any series of that name."""
        return any(each == name for each, _ in self.series)

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the sums of the series of a name by one of their labels."""
        found: dict[str, float] = {}
        for (_, labels), value in self._found(name, {}).items():
            key = dict(labels).get(label, "")
            found[key] = found.get(key, 0.0) + value
        return found

    def histogram(self, name: str, **labels: str) -> Histogram:
        """Return the histogram of a name; an empty one if there is none."""
        cumulative: dict[float, float] = {}
        for (_, found), value in self._found(f"{name}_bucket", labels).items():
            bound = float(dict(found)["le"])
            cumulative[bound] = cumulative.get(bound, 0.0) + value
        counts, below = {}, 0.0
        for bound, value in sorted(cumulative.items()):
            counts[bound], below = value - below, value
        return Histogram(counts, self.sum(f"{name}_sum", **labels))

    def since(self, earlier: "Values") -> "Values":
        """Return how far counters have risen; one that has fallen began anew at zero."""
        return Values({key: _rise(value, earlier.series.get(key)) for key, value in self.items()})

    def items(self) -> list[tuple[Series, float]]:
        """Return every series with its value."""
        return list(self.series.items())

    def plus(self, other: "Values") -> "Values":
        """Return the sums, series by series."""
        both = dict(self.series)
        for key, value in other.items():
            both[key] = both.get(key, 0.0) + value
        return Values(both)

    def _found(self, name: str, labels: Mapping[str, str]) -> dict[Series, float]:
        asked = set(labels.items())
        return {key: v for key, v in self.series.items() if key[0] == name and asked <= key[1]}


def _rise(now: float, before: float | None) -> float:
    return now if before is None or now < before else now - before


@dataclass(frozen=True, slots=True)
class Reading:
    """One exposition: gauges as they are, counters (histograms included) since the server began."""

    gauges: Values
    counters: Values

    @classmethod
    def of(cls, text: str) -> Self:
        """Read the text format.

        Raises:
            ValueError: the text is no exposition.
        """
        gauges: dict[Series, float] = {}
        counters: dict[Series, float] = {}
        for family in text_string_to_metric_families(text):
            rising = family.type in ("counter", "histogram")
            for sample in family.samples:
                # When a series began, which the library adds, is neither.
                if not sample.name.endswith("_created"):
                    kept = counters if rising else gauges
                    kept[sample.name, frozenset(sample.labels.items())] = sample.value
        return cls(Values(gauges), Values(counters))
