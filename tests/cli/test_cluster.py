"""What ``esapr cluster`` says when it cannot do what it is asked; the rest needs a cluster."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from esapr.cli.main import main
from esapr.load_tests.chaos import FaultError
from esapr.load_tests.chaos.ray_cluster import RayCluster
from tests.cluster.extra import require

require("ray", "grpc")


@pytest.fixture
def nothing() -> Iterator[RayCluster]:
    """A head that was never started."""
    head = RayCluster()
    yield head
    head.remove()


def test_an_address_without_a_cluster_is_named(nothing: RayCluster) -> None:
    with pytest.raises(FaultError, match=f"no Ray cluster at {nothing.head}"):
        nothing.run("status")


def test_most_replicas_are_no_fewer_than_the_fewest() -> None:
    outcome = CliRunner().invoke(main, ["cluster", "up", "--replicas", "2", "--max-replicas", "1"])

    assert outcome.exit_code == 2
    assert "--max-replicas" in outcome.stderr
