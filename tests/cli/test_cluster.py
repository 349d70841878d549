"""What ``esapr cluster`` says when it cannot do what it is asked; the rest needs a cluster."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from esapr.cli.main import main
from tests.cluster.extra import require
from tests.cluster.ray_head import RayHead

require("ray", "grpc")


@pytest.fixture
def nothing() -> Iterator[RayHead]:
    """A head that was never started."""
    head = RayHead()
    yield head
    head.remove()


def test_an_address_without_a_cluster_is_named(nothing: RayHead) -> None:
    assert f"no Ray cluster at {nothing.head}" in nothing.run("status", code=1)


def test_most_replicas_are_no_fewer_than_the_fewest() -> None:
    outcome = CliRunner().invoke(main, ["cluster", "up", "--replicas", "2", "--max-replicas", "1"])

    assert outcome.exit_code == 2
    assert "--max-replicas" in outcome.stderr
