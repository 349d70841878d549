"""Every Prometheus metric: one module a subject, one registry a server.

A label never carries a session, a participant or text, and each has few values, all of them known
beforehand: codes, types, reasons, routes as the reference writes them, names of models.
"""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import choose_encoder

from esapr.inference.batching import DropReason
from esapr.inference.signals import Modality
from esapr.protocol.errors import ErrorCode
from esapr.server.metrics.batches import BatchMetrics
from esapr.server.metrics.edge import FeedMetrics, HttpMetrics
from esapr.server.metrics.fusion import FusionMetrics
from esapr.server.metrics.media import MediaMetrics
from esapr.server.metrics.process import add_process_metrics
from esapr.server.metrics.records import RecordMetrics
from esapr.server.sessions.endings import DONE, FAILED, IDLE, MOVED, SHUTDOWN


class Metrics:
    """Counters of one server; implements :class:`esapr.inference.scoring.ScorerObserver`."""

    def __init__(self) -> None:
        """Create every metric in a registry of its own."""
        self._registry = registry = CollectorRegistry()
        gauge = partial(Gauge, registry=registry)
        counter = partial(Counter, registry=registry)
        self.http = HttpMetrics(registry)
        self.feeds = FeedMetrics(registry)
        self.media = MediaMetrics(registry)
        self.batches = BatchMetrics(registry)
        self.fusion = FusionMetrics(registry)
        self.records = RecordMetrics(registry)
        self.sessions = gauge("esapr_sessions", "Open sessions")
        self.sessions_limit = gauge("esapr_sessions_limit", "Sessions admitted at a time")
        self.ready = gauge("esapr_ready", "Whether every model is warm and sessions are taken")
        self.rooms = gauge("esapr_rooms", "Open rooms")
        self.drops = counter("esapr_dropped_total", "Items dropped", ["stage", "reason"])
        self.errors = counter("esapr_errors_total", "Errors sent to clients", ["code"])
        self.ended = counter("esapr_sessions_ended_total", "Sessions that ended", ["reason"])
        self.unchanged = counter("esapr_unchanged_total", "Pictures that repeat the last score")
        self.moves = counter("esapr_session_moves_total", "Sessions that moved", ["how"])
        self.audit_failures = counter("esapr_audit_failures_total", "Failed writes of the audit")
        self.analyses = counter("esapr_analyses_total", "Files by how they ended", ["outcome"])
        self.spans = counter("esapr_spans_total", "Spans of traces", ["outcome"])
        add_process_metrics(registry)
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Make the series that alerts look at: of one that begins at one, no rise is seen."""
        for code in ErrorCode:
            self.errors.labels(code)
        for ending in (DONE, IDLE, SHUTDOWN, MOVED, FAILED):
            self.ended.labels(ending.reason)
        for modality in Modality:
            for reason in ("displaced", "failed", *DropReason):
                self.drops.labels(modality, reason)
        for stage, reason in (
            ("records", "displaced"),
            ("bus", "displaced"),
            ("outbox", "skipped"),
        ):
            self.drops.labels(stage, reason)
        for how in ("handed_over", "taken_over", "lost"):
            self.moves.labels(how)
        for outcome in ("made", "exported", "failed"):
            self.spans.labels(outcome)

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None:
        """Note a batch that ran."""
        self.batches.size.labels(model).observe(size)
        self.batches.queue.labels(model).observe(queued)
        self.batches.infer.labels(model).observe(ran)

    def dropped(self, model: str, reason: str, count: int) -> None:
        """Note items dropped at ``model``, or at another stage of that name."""
        self.drops.labels(model, reason).inc(count)

    def moved(self, how: str) -> None:
        """Note a session that was handed over, taken over, or lost to another gateway."""
        self.moves.labels(how).inc()

    def cluster_failed(self, code: str) -> None:
        """Note a batch that the cluster did not run, with its gRPC status."""
        self.batches.cluster_failures.labels(code).inc()

    def waiting(self, model: str, count: int) -> None:
        """Note how many items wait for a batch."""
        self.batches.pending.labels(model).set(count)

    def text(self) -> bytes:
        """Return Prometheus' text format."""
        return self.exposition("")[0]

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return every metric, and its content type: what an ``Accept`` header asks for.

        OpenMetrics carries exemplars, Prometheus' text format does not.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type
