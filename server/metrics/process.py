"""What concerns the process and the build."""

import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_LIBRARIES = ("aiohttp", "aiortc", "onnxruntime")
_THREADS = Path("/proc/self/task")


def add_process_metrics(registry: CollectorRegistry) -> None:
    """Create the metrics in ``registry``; processor, memory and files are the library's own."""
    ProcessCollector(registry=registry)
    registry.register(_Threads())
    build = {name: version(name) for name in _LIBRARIES}
    info = Gauge(
        "esapr_build_info",
        "Always 1; the labels are versions",
        ["version", "python", *build],
        registry=registry,
    )
    info.labels(version("esapr"), platform.python_version(), *build.values()).set(1)


class _Threads(Collector):
    """Threads of the process, those of ONNX Runtime and of the codecs among them (Linux only)."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        if _THREADS.is_dir():
            count = sum(1 for _ in _THREADS.iterdir())
            yield GaugeMetricFamily("esapr_process_threads", "Threads of the process", count)
