"""What ``esapr top`` shows: two looks at each gateway, and what happened between them. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.console import Group
from rich.markup import escape
from rich.table import Table

from esapr.load_tests.reports.exposition import Histogram, Reading, Values

MOST_DROPS = 8

NONE = "-"


@dataclass(frozen=True, slots=True)
class Look:
    """What one gateway said at ``at`` (seconds), or None if it did not answer."""

    at: float
    reading: Reading | None


@dataclass(frozen=True, slots=True)
class Span:
    """What a gateway says now, and what it counted in the ``seconds`` before."""

    gauges: Values
    risen: Values
    seconds: float

    def rate(self, name: str, **labels: str) -> float:
        """Return how much a counter rose a second."""
        return self.risen.sum(name, **labels) / self.seconds

    def share(self, name: str, **labels: str) -> str:
        """Return which part of a counter's rise carries the labels."""
        whole = self.risen.sum(name)
        return f"{self.risen.sum(name, **labels) / whole:.0%}" if whole else NONE


def span(before: Look, after: Look) -> Span | None:
    """Return what lies between two looks, or None if the gateway did not answer one of them."""
    if before.reading is None or after.reading is None or after.at <= before.at:
        return None
    risen = after.reading.counters.since(before.reading.counters)
    return Span(after.reading.gauges, risen, after.at - before.at)


def screen(before: Mapping[str, Look], after: Mapping[str, Look]) -> Group:
    """Return everything that is shown, from two looks at each gateway by its name."""
    spans = {name: span(before[name], look) for name, look in after.items()}
    there = [each for each in spans.values() if each]
    if not there:
        return Group(_gateways(spans))
    everything = Span(_sum(each.gauges for each in there), _rates(there), 1.0)
    return Group(_gateways(spans), _costs(spans), _models(everything), _drops(everything))


def _rates(spans: list[Span]) -> Values:
    return _sum(
        Values({key: value / each.seconds for key, value in each.risen.items()}) for each in spans
    )


def _sum(several: Iterable[Values]) -> Values:
    found = Values()
    for each in several:
        found = found.plus(each)
    return found


def _gateways(spans: Mapping[str, Span | None]) -> Table:
    table = Table("gateway", "sessions", "feeds", "states/s", "fused", "full level")
    for name, each in spans.items():
        if each is None:
            table.add_row(escape(name), "does not answer")
            continue
        gauges, states = each.gauges, "esapr_states_total"
        table.add_row(
            escape(name),
            f"{gauges.sum('esapr_sessions'):.0f} of {gauges.sum('esapr_sessions_limit'):.0f}",
            f"{gauges.sum('esapr_feeds'):.0f}",
            f"{each.rate(states):.1f}",
            each.share(states, fused="true"),
            each.share(states, level="full"),
        )
    return table


def _costs(spans: Mapping[str, Span | None]) -> Table:
    """Return how old and late the states are, and what each gateway's process uses."""
    table = Table("gateway", "to state p50", "p95", "late p95", "cores", "memory", "threads")
    for name, each in spans.items():
        if each:
            age = each.risen.histogram("esapr_capture_to_state_seconds")
            late = each.risen.histogram("esapr_state_lateness_seconds")
            table.add_row(
                escape(name),
                *(_ms(age, 0.5), _ms(age, 0.95), _ms(late, 0.95)),
                f"{each.rate('process_cpu_seconds_total'):.2f}",
                f"{each.gauges.sum('process_resident_memory_bytes') / 1e6:.0f} MB",
                f"{each.gauges.sum('esapr_process_threads'):.0f}",
            )
    return table


def _models(each: Span) -> Table:
    table = Table("model", "items/s", "batch", "waiting", "queue p95", "runs p95", "busy")
    for model, items in sorted(each.risen.by("esapr_batch_size_sum", "model").items()):
        size = each.risen.histogram("esapr_batch_size", model=model).mean
        table.add_row(
            model,
            f"{items:.1f}",
            f"{size:.1f}" if size else NONE,
            f"{each.gauges.sum('esapr_pending', model=model):.0f}",
            _ms(each.risen.histogram("esapr_queue_seconds", model=model), 0.95),
            _ms(each.risen.histogram("esapr_infer_seconds", model=model), 0.95),
            f"{each.risen.sum('esapr_infer_seconds_sum', model=model):.0%}",
        )
    return table


def _drops(each: Span) -> Table:
    table = Table("dropped at", "because", "a second")
    found = {
        (dict(labels)["stage"], dict(labels)["reason"]): value
        for (name, labels), value in each.risen.items()
        if name == "esapr_dropped_total" and value
    }
    most = sorted(found.items(), key=lambda item: -item[1])[:MOST_DROPS]
    for (stage, reason), value in most:
        table.add_row(stage, reason, f"{value:.1f}")
    if not found:
        table.add_row("nothing", NONE, "0")
    return table


def _ms(found: Histogram, share: float) -> str:
    value = found.quantile(share)
    return NONE if value is None else f"{value * 1000:.0f} ms"
