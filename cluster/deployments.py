"""The models as Ray Serve applications: the only file that imports ray.

One application and one deployment a model, so that each scales, and is replaced, by itself.
"""

import socket
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass

import ray
from ray import serve
from ray.serve import Application, RunTarget

from esapr.cluster.replica import ModelReplica

ONGOING = 2
"""Batches handed to a replica at a time: one runs, the bytes of the next one are there."""

QUEUED = 128
"""Batches that wait in a proxy for a replica; one more fails with ``resource_exhausted``."""

OBJECT_STORE_BYTES = 200_000_000
"""Size of Ray's object store on a machine where :func:`start_head` starts it."""

REACH_SECONDS = 3.0
"""How long a cluster's address may take to accept a connection."""

IDENTITY_SECONDS = 5.0
"""How long a replica may take to say what it serves."""


class RayError(Exception):
    """There is no Ray cluster at the address, or it is of another version."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How many replicas a model has, and what share of a node each one takes."""

    min_replicas: int = 1
    max_replicas: int = 1
    cpus: float = 0.3
    gpus: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What the cluster says of one model; version and hash are empty while no replica answers."""

    name: str
    status: str
    replicas: dict[str, int]
    version: str = ""
    sha256: str = ""


def application(args: dict[str, str]) -> Application:
    """Return the application of the model that ``args["model"]`` names, for Serve's config files.

    A config file sets the number of replicas and their resources itself.
    """
    return _application(args["model"], Scale())


def _application(model: str, scale: Scale) -> Application:
    deployment = serve.deployment(
        name=model,
        max_ongoing_requests=ONGOING,
        max_queued_requests=QUEUED,
        autoscaling_config={
            "min_replicas": scale.min_replicas,
            "max_replicas": scale.max_replicas,
            # Batches that run or wait: more than one a replica asks for another replica.
            "target_ongoing_requests": 1,
        },
        ray_actor_options={"num_cpus": scale.cpus, "num_gpus": scale.gpus},
    )
    return deployment(ModelReplica).bind(model)


def start_head(port: str) -> None:
    """Start a Ray cluster of this machine alone, which outlives this process; `ray stop` ends it.

    Raises:
        RayError: it did not start.
    """
    command = (sys.executable, "-m", "ray.scripts.scripts", "start", "--head", f"--port={port}")
    # The object store holds batches on their way, no data.
    store = f"--object-store-memory={OBJECT_STORE_BYTES}"
    options = ("--include-dashboard=false", "--disable-usage-stats", store)
    done = subprocess.run((*command, *options), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RayError(f"Ray did not start: {(done.stderr or done.stdout).strip()[-500:]}")


def reachable(address: str) -> bool:
    """Return whether something listens at ``address``, which is ``host:port``."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), REACH_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True


def connect(address: str) -> None:
    """Become a driver of the cluster at ``address``: ``host:port`` of its head.

    Raises:
        RayError: nothing listens there, or it runs another version of Ray or Python.
    """
    # Ray itself tries for more than a minute and then ends the process.
    if not reachable(address):
        raise RayError(f"no Ray cluster at {address}")
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError) as error:
        raise RayError(f"{address}: {error}") from error


def deploy(models: Iterable[str], scale: Scale, *, grpc_port: int, http_port: int) -> None:
    """Deploy ``models`` and return when every one has its replicas; the others stay as they are.

    Serve takes the ports when it is first started. Every node with a replica has an ingress.
    """
    serve.start(
        proxy_location="EveryNode",
        http_options={"host": "127.0.0.1", "port": http_port},
        grpc_options={
            "port": grpc_port,
            "grpc_servicer_functions": ["esapr.cluster.replica.add_to_server"],
            # It describes services by their protobuf files, and this one has none.
            "enable_reflection": False,
        },
    )
    serve.run_many(
        # An application without a route is unknown to the gRPC ingress as well.
        [RunTarget(_application(model, scale), model, f"/{model}") for model in models]
    )


def status() -> list[ModelStatus]:
    """Return the deployed models, by name."""
    found = []
    for name, deployed in sorted(serve.status().applications.items()):
        model = deployed.deployments.get(name)
        states = dict(model.replica_states) if model else {}
        version, sha256 = _identity(name) if states.get("RUNNING") else ("", "")
        found.append(ModelStatus(name, deployed.status.value, states, version, sha256))
    return found


def _identity(model: str) -> tuple[str, str]:
    try:
        version, sha256 = (
            serve.get_app_handle(model).identity.remote().result(timeout_s=IDENTITY_SECONDS)
        )
    except (TimeoutError, ray.exceptions.RayError):
        return "", ""
    return version, sha256


def shut_down() -> None:
    """Take every application down, and Serve with them; the Ray cluster goes on."""
    serve.shutdown()
