"""Settings: what is refused, what is said when a device is missing, secrets in files."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from esapr.inference.devices import CPU
from esapr.server.config import ConfigError, ServerConfig
from esapr.server.installed_models import warn_of_fallbacks
from tests.serving import models

STAFF: dict[str, object] = {
    "oidc_issuer": "https://id.example",
    "oidc_client_id": "esapr",
    "oidc_roles": ("therapists=clinician",),
    "staff_url": "https://esapr.example",
}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"device": "gpu"}, "device must be auto, cpu, cuda or tensorrt"),
        ({"gpu_memory_mb": -1}, "gpu_memory_mb must lie between"),
        ({"smoothing": "median"}, "smoothing must be exponential or bayes"),
        ({"smoothing_half_life": -1}, "smoothing_half_life must lie between"),
        ({"gpu_precision": "int8"}, "gpu_precision must be float32 or float16"),
        ({"gpu_precision": "float16", "device": "cuda"}, "gpu_precision float16 needs"),
        ({"staff_hours": 13}, "staff_hours must lie between"),
        ({"staff_idle_minutes": 0}, "staff_idle_minutes must lie between"),
        ({"oidc_issuer": "https://id.example"}, "oidc_client_id, oidc_roles, staff_url: needed"),
        (STAFF | {"oidc_issuer": "http://id.example"}, "oidc_issuer: needs https"),
        (STAFF | {"staff_url": "http://esapr.example"}, "staff_url: needs https"),
        (STAFF | {"staff_url": "esapr.example"}, "staff_url: needs https"),
        (STAFF | {"staff_url": "https://example.org/esapr"}, "staff_url must have no path"),
        (STAFF | {"oidc_roles": ("admins=participant",)}, "oidc_roles: .*admins=participant"),
        (STAFF | {"oidc_scopes": ("profile",)}, "oidc_scopes must have openid"),
    ],
)
def test_a_setting_out_of_range_is_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        ServerConfig(**settings)  # type: ignore[arg-type]


def test_staff_sign_in_over_https_or_on_this_machine() -> None:
    ServerConfig(**STAFF)  # type: ignore[arg-type]
    here = {"oidc_issuer": "http://localhost:9400", "staff_url": "http://127.0.0.1:8000"}
    ServerConfig(**STAFF | here)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("device", "warned"),
    [("auto", []), ("cpu", []), ("cuda", ["cuda"]), ("tensorrt", ["tensorrt"])],
)
def test_a_device_that_is_missing_is_said_once(device: str, warned: list[str]) -> None:
    with capture_logs() as lines:
        warn_of_fallbacks(ServerConfig(device=device), [CPU], models())

    assert [line["kind"] for line in lines if line["event"] == "device_missing"] == warned
    assert all(line["log_level"] == "warning" for line in lines)


SECRETS = ["audit_key", "database_url", "nats_url", "oidc_client_secret", "turn_secret"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_be_in_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "postgresql://esapr:long-enough-for-an-audit-key@db/esapr"
    file = tmp_path / name
    file.write_text(f"{secret}\n")
    monkeypatch.setenv(f"ESAPR_{name.upper()}_FILE", str(file))
    assert getattr(ServerConfig.from_environ(), name) == secret

    monkeypatch.setenv(f"ESAPR_{name.upper()}", "sqlite:///another-one-long-enough-to-win")
    assert getattr(ServerConfig.from_environ(), name).startswith("sqlite:///another")


def test_a_secret_whose_file_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESAPR_TURN_SECRET_FILE", "/nowhere/turn")
    with pytest.raises(ConfigError, match=r"turn_secret: .*No such file"):
        ServerConfig.from_environ()
