"""Settings of traces."""

from dataclasses import dataclass

from yarl import URL

from esapr.server.fusing_config import FusingConfig


@dataclass(frozen=True, slots=True)
class TracesConfig(FusingConfig):
    """Where traces go; without ``otel_endpoint`` there are none."""

    otel_endpoint: str | None = None
    """Address of a collector that takes OTLP over HTTP, such as ``http://127.0.0.1:4318``."""

    otel_sample: float = 0.01
    """Share of the states that are traced."""

    def traces_problem(self) -> str | None:
        """Return what is wrong with these settings, if anything is; it names them."""
        if not 0 <= self.otel_sample <= 1:
            return "otel_sample must lie between 0 and 1"
        if self.otel_endpoint is None:
            return None
        try:
            url = URL(self.otel_endpoint)
        except ValueError:
            return "otel_endpoint is no address"
        known = url.scheme in ("http", "https") and url.host and not url.query
        return None if known else "otel_endpoint is not of the form http(s)://HOST[:PORT][/PATH]"
