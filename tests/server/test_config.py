"""Settings of devices: what is refused, and what is said when a device is missing."""

import pytest
from structlog.testing import capture_logs

from esapr.inference.devices import CPU
from esapr.server.config import ConfigError, ServerConfig
from esapr.server.installed_models import warn_of_fallbacks
from tests.serving import models


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"device": "gpu"}, "device must be auto, cpu, cuda or tensorrt"),
        ({"gpu_memory_mb": -1}, "gpu_memory_mb must lie between"),
        ({"gpu_precision": "int8"}, "gpu_precision must be float32 or float16"),
        ({"gpu_precision": "float16", "device": "cuda"}, "gpu_precision float16 needs"),
    ],
)
def test_a_setting_out_of_range_is_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        ServerConfig(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("device", "warned"),
    [("auto", []), ("cpu", []), ("cuda", ["cuda"]), ("tensorrt", ["tensorrt"])],
)
def test_a_device_that_is_missing_is_said_once(device: str, warned: list[str]) -> None:
    with capture_logs() as lines:
        warn_of_fallbacks(ServerConfig(device=device), [CPU], models())

    assert [line["kind"] for line in lines if line["event"] == "device_missing"] == warned
    assert all(line["log_level"] == "warning" for line in lines)
