"""What concerns the media of WebRTC peers."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from esapr.server.media.reception import Reception
from esapr.server.metrics import buckets

_KINDS = ("audio", "video")


class MediaMetrics:
    """Peers and what they bring, by kind of track: ``audio`` or ``video``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Create the metrics in ``registry``."""
        self.peers = Gauge("esapr_peers", "Open WebRTC peer connections", registry=registry)
        self._connections = Counter(
            "esapr_peer_connections_total",
            "Peers by whether a connection came about",
            ["outcome"],
            registry=registry,
        )
        counts = {
            "packets": "RTP packets received",
            "packets_lost": "RTP packets that never came",
            "frames": "Encoded frames, whole",
            "decoded": "Frames decoded",
            "broken": "Encoded frames that could not be decoded",
        }
        self._counts = {
            name: Counter(f"esapr_media_{name}_total", text, ["kind"], registry=registry)
            for name, text in counts.items()
        }
        self._jitter = Histogram(
            "esapr_media_jitter_seconds",
            "Interarrival jitter of a track (RFC 3550), about once a tick",
            ["kind"],
            buckets=buckets.JITTER,
            registry=registry,
        )
        for outcome in (True, False):
            self._connections.labels(_outcome(outcome))
        for kind in _KINDS:
            self._jitter.labels(kind)
            for counter in self._counts.values():
                counter.labels(kind)

    def connected(self, came_about: bool) -> None:
        """Note a peer by whether its connection came about."""
        self._connections.labels(_outcome(came_about)).inc()

    def grew(self, kind: str, growth: Reception) -> None:
        """Note what a track has brought since it was last looked at."""
        for name, counter in self._counts.items():
            counter.labels(kind).inc(getattr(growth, name))
        if growth.packets:
            self._jitter.labels(kind).observe(growth.jitter)


def _outcome(came_about: bool) -> str:
    return "connected" if came_about else "failed"
