"""A picture of ``bench scale``: two charts over the number of sessions, as SVG."""

from collections.abc import Mapping, Sequence

from esapr.load_tests.bench.scale import Step
from esapr.load_tests.reports.plot import Chart, Line, svg


def curve(steps: Sequence[Step], note: str) -> str:
    """Return the SVG document of at least one step; ``note`` is set under the charts."""
    latency = {"p50": "p50_ms", "p95": "p95_ms", "p99": "p99_ms"}
    cores = {"server": "server_cores", "load peers": "peers_cores"}
    return svg(
        [
            _chart("capture to state, ms", steps, latency),
            _chart("processor, cores", steps, cores),
        ],
        note,
    )


def _chart(title: str, steps: Sequence[Step], fields: Mapping[str, str]) -> Chart:
    ran = [step for step in steps if step.failure is None]
    lines = [
        Line(name, [(step.sessions, getattr(step, field)) for step in ran])
        for name, field in fields.items()
    ]
    return Chart(title, "sessions", lines, dots=True)
