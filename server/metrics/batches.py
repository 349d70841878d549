"""What concerns batches: queue, size and duration, by model."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from esapr.server.metrics import buckets


class BatchMetrics:
    """Batches, and what runs them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Create the metrics in ``registry``."""
        seconds = partial(Histogram, buckets=buckets.WORK, registry=registry)
        self.pending = Gauge(
            "esapr_pending", "Items waiting for a batch", ["model"], registry=registry
        )
        self.size = Histogram(
            "esapr_batch_size",
            "Items in a batch",
            ["model"],
            buckets=buckets.BATCH_SIZES,
            registry=registry,
        )
        self.queue = seconds("esapr_queue_seconds", "Wait of a batch's oldest item", ["model"])
        self.infer = seconds("esapr_infer_seconds", "Time a batch ran", ["model"])
        self.worker_restarts = Counter(
            "esapr_worker_restarts_total", "Workers that died and were replaced", registry=registry
        )
        self.cluster_failures = Counter(
            "esapr_cluster_failures_total",
            "Batches that the cluster did not run",
            ["code"],
            registry=registry,
        )
        for code in ("other_version", "unavailable", "deadline_exceeded"):
            self.cluster_failures.labels(code)
        self.device_up = Gauge(
            "esapr_device_up", "Whether a device takes batches", ["device"], registry=registry
        )
