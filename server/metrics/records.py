"""What concerns the records."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class RecordMetrics:
    """Rows and erasures on their way to the database."""

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
