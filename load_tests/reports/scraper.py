"""The server's own view of a run, from successive expositions. No asyncio, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from esapr.load_tests.reports.exposition import Histogram, Reading, Values
from esapr.load_tests.result import ServerSample, Stage

_MODEL_STAGES = {"queue": "esapr_queue_seconds", "infer": "esapr_infer_seconds"}
_STAGES = {
    "capture_to_state": "esapr_capture_to_state_seconds",
    "lateness": "esapr_state_lateness_seconds",
}
_THREADS = "esapr_process_threads"


@dataclass(frozen=True, slots=True)
class Spent:
    """What all processes of a server have used so far, as its operating system counts it."""

    cpu_seconds: float
    memory_mb: float


class Scraper:
    """Adds up what several gateways say, and goes on where one of them begins anew.

    What was counted before a gateway is first heard is not of this run.
    """

    def __init__(self) -> None:
        self._last: dict[str, Reading] = {}
        self._risen = Values()
        self._before: tuple[float, float] | None = None

    def take(
        self, at_seconds: float, texts: Mapping[str, str], spent: Spent | None = None
    ) -> ServerSample:
        """Take in one exposition a gateway, by its address; one that did not answer is left out.

        Processor time and memory are those of ``spent``, or else what the gateways say of
        themselves, as they do of their threads; that leaves their child processes out.

        Raises:
            ValueError: a text is no exposition.
        """
        readings = {address: Reading.of(text) for address, text in texts.items()}
        for address, reading in readings.items():
            if before := self._last.get(address):
                risen = reading.counters.since(before.counters)
                self._risen = self._risen.plus(risen)
        self._last |= readings
        gauges = Values()
        for reading in readings.values():
            gauges = gauges.plus(reading.gauges)
        spent = spent or self._own(gauges)
        return ServerSample(
            at_seconds=at_seconds,
            cpu_cores=self._cores(at_seconds, spent),
            memory_mb=spent.memory_mb if spent else None,
            threads=int(gauges.sum(_THREADS)) if gauges.has(_THREADS) else None,
            feeds=int(gauges.sum("esapr_feeds")),
            sessions=int(gauges.sum("esapr_sessions")),
            media_peers=int(gauges.sum("esapr_peers")),
            pending={name: int(n) for name, n in gauges.by("esapr_pending", "model").items()},
        )

    @property
    def drops(self) -> dict[str, int]:
        """Items that were dropped, by ``stage/reason``."""
        found: dict[str, int] = {}
        for (name, labels), value in self._risen.items():
            if name == "esapr_dropped_total" and value:
                by = dict(labels)
                found[f"{by['stage']}/{by['reason']}"] = int(value)
        return dict(sorted(found.items()))

    @property
    def batch_sizes(self) -> dict[str, dict[str, int]]:
        """Batches by model and the least bound that holds them; empty bounds are left out."""
        return {
            model: {
                "+Inf" if bound == inf else f"{bound:g}": int(count)
                for bound, count in self._histogram("esapr_batch_size", model).counts.items()
                if count
            }
            for model in self._models("esapr_batch_size")
        }

    @property
    def stages(self) -> list[Stage]:
        """How long each part of the way took; parts that nothing passed are left out."""
        found = [
            _stage(f"{part}/{model}", self._histogram(name, model))
            for part, name in _MODEL_STAGES.items()
            for model in self._models(name)
        ]
        whole = {part: self._risen.histogram(name) for part, name in _STAGES.items()}
        return found + [_stage(part, took) for part, took in whole.items() if took.count]

    def _models(self, name: str) -> list[str]:
        counts = self._risen.by(f"{name}_count", "model")
        return sorted(model for model, count in counts.items() if count)

    def _histogram(self, name: str, model: str) -> Histogram:
        return self._risen.histogram(name, model=model)

    def _own(self, gauges: Values) -> Spent | None:
        """Return what the gateways say of their own processes, if they do."""
        if not gauges.has("process_resident_memory_bytes"):
            return None
        return Spent(
            # Of those that are gone, too: what they have used does not come back.
            sum(each.counters.sum("process_cpu_seconds_total") for each in self._last.values()),
            gauges.sum("process_resident_memory_bytes") / 1e6,
        )

    def _cores(self, at_seconds: float, spent: Spent | None) -> float | None:
        before, self._before = self._before, None
        if spent is None:
            return None
        self._before = (at_seconds, spent.cpu_seconds)
        if before is None or at_seconds <= before[0]:
            return None
        used = spent.cpu_seconds - before[1]
        # A process that has died took its count with it.
        return used / (at_seconds - before[0]) if used >= 0 else None


def _stage(name: str, took: Histogram) -> Stage:
    return Stage(
        name=name,
        count=int(took.count),
        mean_ms=_ms(took.mean),
        p50_ms=_ms(took.quantile(0.5)),
        p95_ms=_ms(took.quantile(0.95)),
        p99_ms=_ms(took.quantile(0.99)),
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
