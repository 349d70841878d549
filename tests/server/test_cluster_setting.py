"""The setting that moves inference to a cluster."""

import sys

import pytest

from esapr.inference.cards import ModelError
from esapr.server.config import IN_FLIGHT, ConfigError, ServerConfig
from tests.serving import running_server


def test_batches_in_flight_do_not_depend_on_this_machine() -> None:
    assert ServerConfig(inference_workers="ray").threads == IN_FLIGHT
    assert ServerConfig(inference_workers="ray", inference_threads=3).threads == 3


def test_an_unknown_place_to_run_is_refused() -> None:
    with pytest.raises(ConfigError, match="threads, processes or ray"):
        ServerConfig(inference_workers="dask")


@pytest.mark.real_time
async def test_without_grpc_a_server_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "esapr.cluster.client", raising=False)
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(ModelError, match=r"pip install 'esapr\[cluster\]'"):
        async with running_server(inference_workers="ray"):
            pass
