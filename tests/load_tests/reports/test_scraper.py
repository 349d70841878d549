import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from esapr.load_tests.reports.scraper import Scraper, Spent

A, B = "http://127.0.0.1:9100", "http://127.0.0.1:9101"


class Gateway:
    """The metrics of a gateway that a load test reads."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.sessions = Gauge("esapr_sessions", "-", registry=registry)
        self.feeds = Gauge("esapr_feeds", "-", registry=registry)
        self.peers = Gauge("esapr_peers", "-", registry=registry)
        self.pending = Gauge("esapr_pending", "-", ["model"], registry=registry)
        self.drops = Counter("esapr_dropped_total", "-", ["stage", "reason"], registry=registry)
        self.sizes = Histogram(
            "esapr_batch_size", "-", ["model"], buckets=(1, 2, 4), registry=registry
        )
        self.queue = Histogram("esapr_queue_seconds", "-", ["model"], registry=registry)
        self.lateness = Histogram("esapr_state_lateness_seconds", "-", registry=registry)

    def process(self, cpu_seconds: float, memory_bytes: float) -> None:
        Counter("process_cpu_seconds_total", "-", registry=self.registry).inc(cpu_seconds)
        Gauge("process_resident_memory_bytes", "-", registry=self.registry).set(memory_bytes)
        Gauge("esapr_process_threads", "-", registry=self.registry).set(21)

    def text(self) -> str:
        return generate_latest(self.registry).decode()


def test_gateways_count_together() -> None:
    first, second, scraper = Gateway(), Gateway(), Scraper()
    for gateway, sessions in ((first, 3), (second, 4)):
        gateway.sessions.set(sessions)
        gateway.feeds.set(sessions * 2)
        gateway.peers.set(sessions)
        gateway.pending.labels("face_landmarks").set(5)

    sample = scraper.take(2.0, {A: first.text(), B: second.text()})

    assert (sample.at_seconds, sample.sessions, sample.feeds, sample.media_peers) == (2.0, 7, 14, 7)
    assert sample.pending == {"face_landmarks": 10}
    assert (sample.cpu_cores, sample.memory_mb, sample.threads) == (None, None, None)


def test_what_was_counted_before_the_run_is_not_of_it() -> None:
    gateway, scraper = Gateway(), Scraper()
    gateway.drops.labels("face", "stale").inc(100)
    gateway.sizes.labels("face").observe(4)
    scraper.take(0, {A: gateway.text()})
    gateway.drops.labels("face", "stale").inc(2)
    gateway.drops.labels("outbox", "skipped").inc(3)
    for size in (1, 1, 3, 9):
        gateway.sizes.labels("face").observe(size)

    scraper.take(1, {A: gateway.text()})

    assert scraper.drops == {"face/stale": 2, "outbox/skipped": 3}
    assert scraper.batch_sizes == {"face": {"1": 2, "4": 1, "+Inf": 1}}


def test_a_gateway_that_is_killed_and_started_again_goes_on_where_it_was() -> None:
    stays, scraper = Gateway(), Scraper()
    scraper.take(0, {A: Gateway().text(), B: stays.text()})
    killed = Gateway()
    killed.drops.labels("face", "stale").inc(10)
    scraper.take(1, {A: killed.text(), B: stays.text()})
    stays.drops.labels("face", "stale").inc(1)
    away = scraper.take(2, {B: stays.text()})
    again = Gateway()
    again.sessions.set(1)
    again.drops.labels("face", "stale").inc(3)

    back = scraper.take(3, {A: again.text(), B: stays.text()})

    assert (away.sessions, back.sessions) == (0, 1)
    assert scraper.drops == {"face/stale": 14}


def test_stages_are_milliseconds_of_this_run() -> None:
    gateway, scraper = Gateway(), Scraper()
    gateway.lateness.observe(5)
    scraper.take(0, {A: gateway.text()})
    for _ in range(100):
        gateway.queue.labels("face").observe(0.004)
        gateway.lateness.observe(0.001)

    scraper.take(1, {A: gateway.text()})

    stages = {stage.name: stage for stage in scraper.stages}
    assert stages.keys() == {"queue/face", "lateness"}  # nothing else was measured
    assert (stages["queue/face"].count, stages["queue/face"].mean_ms) == (100, 4)
    assert stages["queue/face"].p99_ms == pytest.approx(5, abs=0.1)  # the bound above 4 ms
    assert stages["lateness"].count == 100


def test_costs_are_those_of_all_processes_where_the_system_says_them() -> None:
    gateway, scraper = Gateway(), Scraper()
    gateway.process(cpu_seconds=1, memory_bytes=1)
    scraper.take(0, {A: gateway.text()}, Spent(10, 500))

    sample = scraper.take(2, {A: gateway.text()}, Spent(13, 510))

    assert (sample.cpu_cores, sample.memory_mb, sample.threads) == (1.5, 510, 21)


def test_else_they_are_what_the_gateways_say() -> None:
    scraper, first, second = Scraper(), Gateway(), Gateway()
    first.process(cpu_seconds=100, memory_bytes=4e8)
    second.process(cpu_seconds=101, memory_bytes=5e8)
    scraper.take(10, {A: first.text()})

    sample = scraper.take(12, {A: second.text()})

    assert (sample.cpu_cores, sample.memory_mb, sample.threads) == (0.5, 500, 21)


def test_a_process_that_dies_makes_no_negative_cost() -> None:
    gateway, scraper = Gateway(), Scraper()
    scraper.take(0, {A: gateway.text()}, Spent(10, 500))

    died = scraper.take(1, {A: gateway.text()}, Spent(4, 200))
    after = scraper.take(2, {A: gateway.text()}, Spent(5, 200))

    assert (died.cpu_cores, after.cpu_cores) == (None, 1.0)
