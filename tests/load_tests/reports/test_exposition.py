import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from esapr.load_tests.reports.exposition import Reading, Values


class Server:
    """What a server would export."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.waiting = Gauge("waiting", "-", ["model"], registry=registry)
        self.drops = Counter("dropped_total", "-", ["stage", "reason"], registry=registry)
        self.seconds = Histogram(
            "seconds", "-", ["model"], buckets=(0.1, 0.2, 0.4), registry=registry
        )

    def reading(self) -> Reading:
        return Reading.of(generate_latest(self.registry).decode())


def test_a_question_sums_over_the_series_with_its_labels() -> None:
    server = Server()
    server.waiting.labels("face").set(2)
    server.drops.labels("face", "stale").inc(3)
    server.drops.labels("face", "failed").inc(4)
    server.drops.labels("voice", "stale").inc(5)

    reading = server.reading()

    assert reading.gauges.by("waiting", "model") == {"face": 2}
    assert reading.counters.sum("dropped_total") == 12
    assert reading.counters.sum("dropped_total", stage="face") == 7
    assert reading.counters.by("dropped_total", "reason") == {"stale": 8, "failed": 4}
    assert reading.counters.sum("dropped_total", stage="text") == 0


def test_a_gauge_is_no_counter_and_when_a_series_began_is_neither() -> None:
    server = Server()
    server.waiting.labels("face").set(2)
    server.drops.labels("face", "stale").inc()

    reading = server.reading()

    assert {name for (name, _), _ in reading.gauges.items()} == {"waiting"}
    assert {name for (name, _), _ in reading.counters.items()} == {"dropped_total"}


def test_counters_rise_and_begin_anew_with_their_process() -> None:
    server = Server()
    server.drops.labels("face", "stale").inc(10)
    first = server.reading().counters
    server.drops.labels("face", "stale").inc(5)
    second = server.reading().counters
    restarted = Server()
    restarted.drops.labels("face", "stale").inc(2)
    restarted.drops.labels("face", "failed").inc(1)
    third = restarted.reading().counters

    risen = second.since(first).plus(third.since(second))

    assert risen.by("dropped_total", "reason") == {"stale": 7, "failed": 1}


def test_a_histogram_over_models_and_of_one() -> None:
    server = Server()
    for value in (0.05, 0.15, 0.15, 0.35):
        server.seconds.labels("face").observe(value)
    server.seconds.labels("voice").observe(9)

    counters = server.reading().counters
    face, both = counters.histogram("seconds", model="face"), counters.histogram("seconds")

    assert face.counts == {0.1: 1, 0.2: 2, 0.4: 1, float("inf"): 0}
    assert face.mean == pytest.approx(0.175)
    assert (face.count, both.count) == (4, 5)


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, 0.0), (0.125, 0.05), (0.25, 0.1), (0.5, 0.15), (0.75, 0.2), (0.875, 0.3), (1.0, 0.4)],
)
def test_a_quantile_is_linear_within_its_bucket(share: float, expected: float) -> None:
    server = Server()
    for value in (0.05, 0.15, 0.15, 0.35):
        server.seconds.labels("face").observe(value)

    found = server.reading().counters.histogram("seconds").quantile(share)

    assert found == pytest.approx(expected)


def test_what_lies_above_every_bound_counts_as_the_highest() -> None:
    server = Server()
    server.seconds.labels("face").observe(0.05)
    server.seconds.labels("face").observe(60)

    assert server.reading().counters.histogram("seconds").quantile(0.99) == 0.4


def test_nothing_observed_has_no_mean_and_no_quantile() -> None:
    nothing = Values().histogram("seconds")

    assert (nothing.mean, nothing.quantile(0.5), nothing.count) == (None, None, 0)


def test_what_is_no_exposition_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid"):
        Reading.of("<html>502 Bad Gateway</html>")
