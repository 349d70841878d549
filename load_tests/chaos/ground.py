"""A server that stands on what its faults need, all of it plain processes of this machine."""

import subprocess
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.fernet import Fernet

from esapr.load_tests.chaos import FaultError
from esapr.load_tests.chaos.faults import FAULTS, set_clock
from esapr.load_tests.chaos.postgres import Postgres, postgres
from esapr.load_tests.chaos.ray_cluster import ESAPR, RayCluster, ray_cluster
from esapr.load_tests.chaos.system import System
from esapr.load_tests.server_process import ServerProcess, server_process

DISK_MB = 64
_LIBRARIES = ("faketime/libfaketimeMT.so.1", "*/faketime/libfaketimeMT.so.1")
_NEED_TWO = {"gateway", "nats"}


@dataclass(slots=True)
class Ground:
    """What a server is started with, and what faults find of it."""

    settings: dict[str, str] = field(default_factory=dict)
    database: Postgres | None = None
    disk: Path | None = None
    wall_clock: Path | None = None
    ray: RayCluster | None = None

    @property
    def environment(self) -> list[str]:
        """The beginning of a command that is run with the settings."""
        return ["env", *(f"{name}={value}" for name, value in self.settings.items())]

    def system(self, server: ServerProcess) -> System:
        """Return what is under test once ``server`` runs."""
        return System(server.pid, self.database, self.disk, self.wall_clock, self.ray)


@asynccontextmanager
async def standing_server(
    kinds: Collection[str], gateways: int, command: Sequence[str]
) -> AsyncIterator[tuple[ServerProcess, System]]:
    """Run a server on which the faults of ``kinds`` can be done.

    ``command`` serves with so many ``gateways``. It has a state folder of its own.

    Raises:
        FaultError: a kind is unknown, or cannot be done here.
        ServerProcessError: the server ended before it served.
    """
    check(kinds, gateways)
    with ground(kinds) as found:
        async with server_process((*found.environment, *command)) as server:
            yield server, found.system(server)


def check(kinds: Collection[str], gateways: int) -> None:
    """Refuse faults that cannot be done, before anything is started.

    Raises:
        FaultError: naming the fault.
    """
    for kind in kinds:
        if kind not in FAULTS:
            raise FaultError(f"there is no fault {kind!r}, but {', '.join(FAULTS)}")
        if kind in _NEED_TWO and gateways < 2:
            raise FaultError(f"{kind} needs two gateways or more")
    if {"worker", "ray-replica"} <= set(kinds):
        raise FaultError("worker and ray-replica exclude each other: models run in one place")


@contextmanager
def ground(kinds: Collection[str]) -> Iterator[Ground]:
    """Start what the faults of ``kinds`` need, until the block is left.

    Raises:
        FaultError: it is not installed.
    """
    found = Ground()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="esapr-chaos-")))
        found.settings["ESAPR_STATE_DIR"] = str(folder / "state")
        (folder / "state").mkdir()
        if "disk-full" in kinds:
            found.disk = stack.enter_context(_small_disk(folder / "state"))
        if "clock-jump" in kinds:
            _take_wall_clock(found, folder / "clock")
        if "worker" in kinds:
            found.settings["ESAPR_INFERENCE_WORKERS"] = "processes"
        if "ray-replica" in kinds:
            found.ray = stack.enter_context(ray_cluster())
            found.settings["ESAPR_INFERENCE_WORKERS"] = "ray"
            found.settings["ESAPR_CLUSTER_ADDRESS"] = found.ray.ingress
        if {"postgres", "stalled-database"} & set(kinds):
            found.database = stack.enter_context(postgres())
            found.settings["ESAPR_DATABASE_URL"] = found.database.url
            found.settings["ESAPR_RECORDS_KEYS"] = Fernet.generate_key().decode()
            _migrate(found)
        yield found


def _take_wall_clock(found: Ground, clock: Path) -> None:
    library = next(
        (path for pattern in _LIBRARIES for path in Path("/usr/lib").glob(pattern)), None
    )
    if library is None:
        raise FaultError("clock-jump needs libfaketime (apt-get install faketime)")
    set_clock(clock, 0)
    found.wall_clock = clock
    found.settings |= {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        # A wall clock that is set does not move the one that timers are on.
        "DONT_FAKE_MONOTONIC": "1",
    }


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """Make ``folder`` a file system of its own; None where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0700", "tmpfs", str(folder)]
    try:
        allowed = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        yield None
        return
    try:
        yield folder
    finally:
        # Lazily: a process that is just ending may still hold a file.
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


def _migrate(found: Ground) -> None:
    command = [*found.environment, *ESAPR, "records", "migrate", "up"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FaultError(f"the database cannot be migrated: {done.stderr.strip()}")
