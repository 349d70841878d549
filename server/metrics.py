"""Every Prometheus metric, in one place."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64)


class RecordMetrics:
    """What concerns the records."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Create the metrics in ``registry``."""
        self.pending = Gauge(
            "esapr_records_pending", "Rows that wait for the database", registry=registry
        )
        self.failures = Counter(
            "esapr_records_failures_total",
            "Times that the database did not take what waited",
            registry=registry,
        )
        self.erasures = Gauge(
            "esapr_records_erasures", "Erasures that wait for the database", registry=registry
        )


class Metrics:
    """Counters of one server; implements :class:`esapr.inference.scoring.ScorerObserver`."""

    def __init__(self) -> None:
        """Create every metric in a registry of its own."""
        self._registry = registry = CollectorRegistry()
        gauge = partial(Gauge, registry=registry)
        counter = partial(Counter, registry=registry)
        sizes = partial(Histogram, buckets=_SIZES, registry=registry)
        seconds = partial(Histogram, buckets=_SECONDS, registry=registry)
        self.sessions = gauge("esapr_sessions", "Open sessions")
        self.rooms = gauge("esapr_rooms", "Open rooms")
        self.feeds = gauge("esapr_feeds", "Connected subscribers")
        self.peers = gauge("esapr_peers", "Open WebRTC peer connections")
        self.states = counter("esapr_states_total", "States published", ["fused"])
        self.drops = counter("esapr_dropped_total", "Items dropped", ["stage", "reason"])
        self.errors = counter("esapr_errors_total", "Errors sent to clients", ["code"])
        self.unchanged = counter("esapr_unchanged_total", "Pictures that repeat the last score")
        self.pending = gauge("esapr_pending", "Items waiting for a batch", ["model"])
        self.batch_size = sizes("esapr_batch_size", "Items in a batch", ["model"])
        self.queue_seconds = seconds(
            "esapr_queue_seconds", "Wait of a batch's oldest item", ["model"]
        )
        self.infer_seconds = seconds("esapr_infer_seconds", "Time a batch ran", ["model"])
        self.worker_restarts = counter(
            "esapr_worker_restarts_total", "Workers that died and were replaced"
        )
        self.cluster_failures = counter(
            "esapr_cluster_failures_total", "Batches that the cluster did not run", ["code"]
        )
        self.device_up = gauge("esapr_device_up", "Whether a device takes batches", ["device"])
        self.moves = counter("esapr_session_moves_total", "Sessions that moved", ["how"])
        self.audit_failures = counter("esapr_audit_failures_total", "Failed writes of the audit")
        self.analyses = counter("esapr_analyses_total", "Files by how they ended", ["outcome"])
        self.records = RecordMetrics(registry)
        self.capture_to_state = seconds(
            "esapr_capture_to_state_seconds", "Capture of the newest evidence to its state"
        )
        self.state_lateness = seconds(
            "esapr_state_lateness_seconds", "How late a state was made after its due time"
        )

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None:
        """Note a batch that ran."""
        self.batch_size.labels(model).observe(size)
        self.queue_seconds.labels(model).observe(queued)
        self.infer_seconds.labels(model).observe(ran)

    def dropped(self, model: str, reason: str, count: int) -> None:
        """Note items dropped at ``model``, or at another stage of that name."""
        self.drops.labels(model, reason).inc(count)

    def moved(self, how: str) -> None:
        """Note a session that was handed over, taken over, or lost to another gateway."""
        self.moves.labels(how).inc()

    def cluster_failed(self, code: str) -> None:
        """Note a batch that the cluster did not run, with its gRPC status."""
        self.cluster_failures.labels(code).inc()

    def waiting(self, model: str, count: int) -> None:
        """Note how many items wait for a batch."""
        self.pending.labels(model).set(count)

    def text(self) -> bytes:
        """Return the exposition format."""
        return generate_latest(self._registry)
