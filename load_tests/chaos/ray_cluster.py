"""A Ray cluster of this machine, started and filled by the command that users have."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from signal import SIGKILL
from tempfile import mkdtemp

from esapr.load_tests.chaos import FaultError
from esapr.load_tests.chaos.signals import send
from esapr.load_tests.process_tree import title

ESAPR = (sys.executable, "-c", "from esapr.cli.main import main; main()")
COMMAND_SECONDS = 300.0
"""Ends a command that hangs: starting Ray takes 90 s on two cores that have other work."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RayCluster:
    """``up`` starts Ray where there is none; everything it starts stays in its Unix session."""

    head: str = field(default_factory=lambda: f"127.0.0.1:{_free_port()}")
    ingress: str = field(default_factory=lambda: f"127.0.0.1:{_free_port()}")
    http_port: int = field(default_factory=_free_port)
    # Ray keeps sockets and logs there, and the address of the machine's latest cluster.
    _folder: str = field(default_factory=lambda: mkdtemp(prefix="ray-"))
    _sessions: set[int] = field(default_factory=set)

    def up(self, *options: str) -> str:
        """Deploy; return what the command printed.

        Raises:
            FaultError: it failed.
        """
        ports = ("--grpc-port", self.ingress.rpartition(":")[2], "--http-port", f"{self.http_port}")
        return self.run("up", "--cpus", "0.1", *ports, *options)

    def run(self, command: str, *options: str) -> str:
        """Run ``esapr cluster`` and return what it printed.

        Raises:
            FaultError: it failed.
        """
        asked = ("cluster", command, "--address", self.head, *options)
        process = subprocess.Popen(
            ["env", f"RAY_TMPDIR={self._folder}", *ESAPR, *asked],
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._sessions.add(process.pid)
        output, _ = process.communicate(timeout=COMMAND_SECONDS)
        if process.returncode:
            raise FaultError(f"esapr cluster {command} failed: {output}")
        return output

    def replicas(self, model: str = "") -> list[int]:
        """Return the process ids of a model's replicas, or all, by Ray's title of the process."""
        begins = f"ray::ServeReplica:{model}:" if model else "ray::ServeReplica:"
        return [pid for pid in self._processes() if title(pid).startswith(begins)]

    def remove(self) -> None:
        """Kill every process and forget what they wrote."""
        self.kill()
        rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Kill every process of the cluster at once."""
        while found := self._processes():
            send(SIGKILL, found)

    def _processes(self) -> list[int]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError):
                # Fields 3 and 6 of proc_pid_stat(5): state and Unix session.
                state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(session) in self._sessions and state not in "ZX":
                    found.append(int(folder.name))
        return found


@contextmanager
def ray_cluster() -> Iterator[RayCluster]:
    """Run every model with one replica, and the face detector with two, until left.

    Raises:
        FaultError: the cluster could not be started.
    """
    cluster = RayCluster()
    try:
        cluster.up()
        cluster.up("--model", "face_detector", "--replicas", "2")
        yield cluster
    finally:
        cluster.remove()
