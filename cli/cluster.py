"""``esapr cluster``: put the models on a Ray cluster, see how they are, take them down."""

from collections.abc import Sequence
from types import ModuleType

import click
from rich.console import Console
from rich.table import Table

from esapr import models_onnx
from esapr.inference.cards import ModelCard, ModelError

HEAD = "127.0.0.1:6379"
GRPC_PORT = 9000
HTTP_PORT = 8999

address_option = click.option(
    "--address", default=HEAD, help=f"host:port of the Ray head (default {HEAD})."
)


@click.group()
def cluster() -> None:
    """Run the models on a Ray cluster, for servers with ESAPR_INFERENCE_WORKERS=ray."""


@cluster.command()
@address_option
@click.option(
    "--model",
    "models",
    multiple=True,
    type=click.Choice(sorted(models_onnx.folders())),
    help="Only this one; may be repeated (default: all).",
)
@click.option(
    "--replicas", type=click.IntRange(min=1), default=1, help="Fewest replicas of a model."
)
@click.option(
    "--max-replicas", type=click.IntRange(min=1), help="Most replicas (default: as the fewest)."
)
@click.option(
    "--cpus", type=click.FloatRange(min=0), default=0.3, help="Cores a replica (default 0.3)."
)
@click.option(
    "--gpus", type=click.FloatRange(min=0), default=0.0, help="GPUs a replica, such as 0.15."
)
@click.option("--grpc-port", default=GRPC_PORT, help="Port that servers use (default 9000).")
@click.option("--http-port", default=HTTP_PORT, help="Port of Serve's health (default 8999).")
def up(
    *,
    address: str,
    models: tuple[str, ...],
    replicas: int,
    max_replicas: int | None,
    cpus: float,
    gpus: float,
    grpc_port: int,
    http_port: int,
) -> None:
    """Deploy the models; start Ray first if the address is this machine's and has none."""
    most = replicas if max_replicas is None else max_replicas
    if most < replicas:
        raise click.BadParameter(f"at least {replicas}", param_hint="--max-replicas")
    ray = _connected(address, may_start=True)
    ray.deploy(
        models or models_onnx.folders(),
        ray.Scale(replicas, most, cpus, gpus),
        grpc_port=grpc_port,
        http_port=http_port,
    )
    host = address.rpartition(":")[0]
    _check(f"{host}:{grpc_port}", models)
    click.echo(f"ESAPR_INFERENCE_WORKERS=ray ESAPR_CLUSTER_ADDRESS={host}:{grpc_port}")


@cluster.command()
@address_option
def status(address: str) -> None:
    """List the deployed models; exit 1 unless every one of this machine's is there and the same."""
    installed = _installed()
    table = Table("model", "status", "replicas", "version", "sha256")
    same = set()
    for model in _connected(address).status():
        if model.sha256 == installed.get(model.name):
            same.add(model.name)
        replicas = ", ".join(f"{count} {state.lower()}" for state, count in model.replicas.items())
        table.add_row(model.name, model.status, replicas, model.version, model.sha256[:12])
    Console(width=120).print(table)
    if missing := sorted(installed.keys() - same):
        raise click.ClickException(f"not served as installed here: {', '.join(missing)}")


@cluster.command()
@address_option
def down(address: str) -> None:
    """Take the models and Serve down; `ray stop` ends Ray itself on a machine."""
    _connected(address).shut_down()


def _connected(address: str, *, may_start: bool = False) -> ModuleType:
    """Return :mod:`esapr.cluster.deployments`, connected: Ray is installed with an extra only."""
    try:
        from esapr.cluster import deployments
    except ImportError as error:
        raise click.ClickException(f"{error}; pip install 'esapr[cluster]'") from None
    host, _, port = address.rpartition(":")
    try:
        if may_start and host in ("127.0.0.1", "localhost") and not deployments.reachable(address):
            click.echo(f"No Ray at {address}: starting it.", err=True)
            deployments.start_head(port)
        deployments.connect(address)
    except deployments.RayError as error:
        raise click.ClickException(str(error)) from error
    return deployments


def _check(address: str, models: Sequence[str]) -> None:
    """Ask for the models as a server would."""
    from esapr.cluster.client import ModelCluster

    folders = models_onnx.folders()
    asked = {name: folders[name] for name in models or folders}
    try:
        with ModelCluster(asked, address, lambda code: None) as served:
            served.check()
    except ModelError as error:
        raise click.ClickException(str(error)) from error


def _installed() -> dict[str, str]:
    """Return the sha256 of every installed model."""
    return {name: ModelCard.read(path).sha256 for name, path in models_onnx.folders().items()}
