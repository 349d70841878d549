"""Every Prometheus metric, in one place."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Counters of one server; implements :class:`esapr.inference.scoring.ScorerObserver`."""

    def __init__(self) -> None:
        """Create every metric in a registry of its own."""
        self._registry = registry = CollectorRegistry()
        self.sessions = Gauge("esapr_sessions", "Open sessions", registry=registry)
        self.feeds = Gauge("esapr_feeds", "Connected subscribers", registry=registry)
        self.peers = Gauge("esapr_peers", "Open WebRTC peer connections", registry=registry)
        self.states = Counter(
            "esapr_states_total", "States published", ["fused"], registry=registry
        )
        self.drops = Counter(
            "esapr_dropped_total", "Items dropped", ["stage", "reason"], registry=registry
        )
        self.errors = Counter(
            "esapr_errors_total", "Errors sent to clients", ["code"], registry=registry
        )
        self.pending = Gauge(
            "esapr_pending", "Items waiting for a batch", ["model"], registry=registry
        )
        self.batch_size = Histogram(
            "esapr_batch_size", "Items in a batch", ["model"], buckets=_SIZES, registry=registry
        )
        self.queue_seconds = Histogram(
            "esapr_queue_seconds",
            "Wait of a batch's oldest item",
            ["model"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.infer_seconds = Histogram(
            "esapr_infer_seconds",
            "Time a batch ran",
            ["model"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.capture_to_state = Histogram(
            "esapr_capture_to_state_seconds",
            "Capture of the newest evidence to its state",
            buckets=_SECONDS,
            registry=registry,
        )
        self.state_lateness = Histogram(
            "esapr_state_lateness_seconds",
            "How late a state was made after its due time",
            buckets=_SECONDS,
            registry=registry,
        )

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None:
        """Note a batch that ran."""
        self.batch_size.labels(model).observe(size)
        self.queue_seconds.labels(model).observe(queued)
        self.infer_seconds.labels(model).observe(ran)

    def dropped(self, model: str, reason: str, count: int) -> None:
        """Note items dropped at ``model``, or at another stage of that name."""
        self.drops.labels(model, reason).inc(count)

    def waiting(self, model: str, count: int) -> None:
        """Note how many items wait for a batch."""
        self.pending.labels(model).set(count)

    def text(self) -> bytes:
        """Return the exposition format."""
        return generate_latest(self._registry)
