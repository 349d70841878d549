"""A gateway and a replica over real gRPC, without Ray between them."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from esapr import models_onnx
from esapr.cluster.messages import Tensor
from esapr.inference.cards import Arrays, ModelCard, ModelError
from esapr.inference.models import Model
from tests.cluster.extra import require
from tests.serving import running_server

require("grpc")
import grpc  # noqa: E402

from esapr.cluster import client  # noqa: E402
from esapr.cluster.client import ClusterError, ModelCluster, OtherVersionError  # noqa: E402
from esapr.cluster.replica import ModelReplica, Reply, add_to_server  # noqa: E402

NAME = "face_detector"
NOWHERE = "127.0.0.1:1"


@pytest.fixture(scope="module")
def folder() -> Path:
    return models_onnx.folders()[NAME]


@contextmanager
def replica_at(address: str, replica: object) -> Iterator[str]:
    """Let ``replica`` answer at ``address``, whose port may be 0."""
    server = grpc.server(ThreadPoolExecutor(2))
    add_to_server(replica, server)
    port = server.add_insecure_port(address)
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


class Hanging:
    """Takes in questions and answers none until the caller has given up."""

    def run(self, message: bytes) -> Reply:
        time.sleep(0.5)
        return Reply(message)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a replica of the face detector answers."""
    with replica_at("127.0.0.1:0", ModelReplica(NAME)) as address:
        yield address


@pytest.fixture
def failures() -> list[str]:
    return []


@pytest.fixture
def cluster(folder: Path, address: str, failures: list[str]) -> Iterator[ModelCluster]:
    with ModelCluster({NAME: folder}, address, failures.append) as cluster:
        yield cluster


def pictures(count: int) -> Arrays:
    return {"image": np.random.default_rng(count).integers(0, 255, (count, 128, 128, 3), np.uint8)}


def test_a_replica_answers_what_the_model_answers_here(cluster: ModelCluster, folder: Path) -> None:
    model = Model(ModelCard.read(folder))

    for count in model.card.batch.buckets:
        there = cluster.models[NAME].run(pictures(count))
        here = model.run(pictures(count))
        assert there.keys() == here.keys()
        for name, values in here.items():
            np.testing.assert_array_equal(there[name], values)


def test_what_a_model_raises_fails_its_batch_only(
    cluster: ModelCluster, failures: list[str]
) -> None:
    with pytest.raises(ClusterError, match=r"face_detector: unknown: (.|\n)*INVALID_ARG"):
        cluster.models[NAME].run({"image": np.zeros((1, 5, 5, 3), np.uint8)})

    assert failures == ["unknown"]
    assert cluster.models[NAME].run(pictures(1))["boxes"].shape == (1, 896, 16)


def test_another_version_is_refused_with_both_hashes(
    folder: Path, tmp_path: Path, address: str, failures: list[str]
) -> None:
    other = copytree(folder, tmp_path / NAME)
    theirs, ours = ModelCard.read(folder).sha256, "0" * 64
    toml = (other / "model.toml").read_text(encoding="utf-8")
    (other / "model.toml").write_text(toml.replace(theirs, ours), encoding="utf-8")
    with ModelCluster({NAME: other}, address, failures.append) as cluster:
        with pytest.raises(ModelError, match=f"{theirs}.*{ours}"):
            cluster.check()
        with pytest.raises(OtherVersionError):
            cluster.models[NAME].run(pictures(1))

    assert failures == ["other_version"] * 2


def test_an_address_where_nothing_answers_is_named(folder: Path, failures: list[str]) -> None:
    with (
        ModelCluster({NAME: folder}, NOWHERE, failures.append) as cluster,
        pytest.raises(ModelError, match=f"{re.escape(NOWHERE)}.*unavailable"),
    ):
        cluster.check()

    assert failures == ["unavailable"]


def test_a_cluster_that_hangs_costs_its_batches_a_deadline(
    folder: Path, failures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "DEADLINE_SECONDS", 0.2)
    with (
        replica_at("127.0.0.1:0", Hanging()) as address,
        ModelCluster({NAME: folder}, address, failures.append) as cluster,
        pytest.raises(ClusterError, match="deadline_exceeded"),
    ):
        cluster.models[NAME].run(pictures(1))

    assert failures == ["deadline_exceeded"]


def test_a_gateway_finds_a_cluster_that_returns(folder: Path, failures: list[str]) -> None:
    replica = ModelReplica(NAME)
    with replica_at("127.0.0.1:0", replica) as address:
        cluster = ModelCluster({NAME: folder}, address, failures.append)
        cluster.check()
    with cluster:
        with pytest.raises(ClusterError, match="unavailable"):
            cluster.models[NAME].run(pictures(1))
        with replica_at(address, replica):
            assert answered_before(time.monotonic() + 30, cluster)


def answered_before(deadline: float, cluster: ModelCluster) -> bool:
    """Ask again and again, as the batches of a live session do."""
    while time.monotonic() < deadline:
        with suppress(ClusterError):
            cluster.models[NAME].run(pictures(1))
            return True
        time.sleep(0.05)
    return False


@pytest.mark.real_time
async def test_a_server_does_not_start_without_its_cluster() -> None:
    with pytest.raises(ModelError, match=re.escape(NOWHERE)):
        async with running_server(inference_workers="ray", cluster_address=NOWHERE):
            pass


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.arange(6, dtype=np.int64).reshape(2, 3).T,
        np.zeros((0, 4), np.uint8),
        np.array(7, ">u2"),
    ],
    ids=["floats", "not in C order", "empty", "scalar of another byte order"],
)
def test_an_array_arrives_as_it_was(array: NDArray[Any]) -> None:
    arrived = Tensor.of(array).array

    assert (arrived.dtype, arrived.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(arrived, array)


@pytest.mark.parametrize("dtype", ["<f4", "O"])
def test_bytes_that_are_no_array_are_refused(dtype: str) -> None:
    with pytest.raises(ValueError, match=r"buffer|object"):
        _ = Tensor(dtype, (2,), memoryview(b"abc")).array
