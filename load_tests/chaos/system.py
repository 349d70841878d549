"""The processes under test, found by the tree below the one that was started."""

from dataclasses import dataclass
from pathlib import Path

from esapr.load_tests.chaos.postgres import Postgres
from esapr.load_tests.chaos.ray_cluster import RayCluster
from esapr.load_tests.process_tree import cpu_seconds, family, those_of

WORKER = "esapr.inference.worker_process"
NATS = "nats-server"
GATEWAY = "serve --until-eof"


@dataclass(frozen=True, slots=True)
class System:
    """A server and what it stands on; what is None is not there."""

    server: int
    """The process that was started: a gateway, or the parent of several."""
    database: Postgres | None = None
    disk: Path | None = None
    """A small file system that is the server's state folder."""
    wall_clock: Path | None = None
    """The file that says how far libfaketime moves the server's wall clock."""
    ray: RayCluster | None = None

    @property
    def gateways(self) -> list[int]:
        """Gateways, the one that has worked most first: it has sessions if any has."""
        several = those_of(lambda title: title.endswith(GATEWAY), family(self.server))
        return sorted(several or [self.server], key=cpu_seconds, reverse=True)

    @property
    def workers(self) -> list[int]:
        """Processes with models, those of the gateway that has worked most first."""
        below = [pid for gateway in self.gateways for pid in family(gateway)]
        return those_of(lambda title: WORKER in title, below)

    @property
    def nats(self) -> list[int]:
        """The NATS server that the gateways have of their own."""
        # The process that guards it has the program among its arguments, not as the first.
        return those_of(lambda title: NATS in title.partition(" ")[0], family(self.server))
