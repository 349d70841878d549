"""What concerns HTTP and the feeds: rate, errors and duration."""

from http import HTTPStatus

from aiohttp import hdrs
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from esapr.server.metrics import buckets

UNKNOWN = "none"
"""The route of what no route answers, whatever its path: a path may say who somebody is."""


class HttpMetrics:
    """Calls, by the route as it is written in the reference, never by the path that was asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Create the metrics in ``registry``."""
        labels = ["route", "method"]
        self._requests = Counter(
            "esapr_http_requests_total", "Calls", [*labels, "status"], registry=registry
        )
        self._seconds = Histogram(
            "esapr_http_request_seconds",
            "Duration of calls, feeds left out",
            labels,
            buckets=buckets.HTTP,
            registry=registry,
        )

    def answered(self, route: str, method: str, status: int | None, seconds: float) -> None:
        """Note a call; ``status`` is None if its client went before it was answered."""
        method = method if method in hdrs.METH_ALL else "other"
        kind = "gone" if status is None else f"{status // 100}xx"
        self._requests.labels(route or UNKNOWN, method, kind).inc()
        if status != HTTPStatus.SWITCHING_PROTOCOLS:
            self._seconds.labels(route or UNKNOWN, method).observe(seconds)


class FeedMetrics:
    """WebSockets: how many, what they bring, how long they last and how they end."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Create the metrics in ``registry``."""
        self.open = Gauge("esapr_feeds", "Connected subscribers", registry=registry)
        self._messages = Counter(
            "esapr_feed_messages_total", "Messages of clients", ["type"], registry=registry
        )
        self._closed = Counter(
            "esapr_feeds_closed_total", "Feeds that ended", ["code"], registry=registry
        )
        self._seconds = Histogram(
            "esapr_feed_seconds", "How long a feed lasted", buckets=buckets.FEED, registry=registry
        )

    def message(self, kind: str) -> None:
        """Note a message by its type, which the protocol knows."""
        self._messages.labels(kind).inc()

    def closed(self, code: int | None, seconds: float) -> None:
        """Note the end of a feed with our close code, or None if the client left."""
        self._closed.labels("left" if code is None else str(code)).inc()
        self._seconds.observe(seconds)
