"""A Ray cluster of this machine, started and filled by the command that users have."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

ESAPR = (sys.executable, "-c", "from esapr.cli.main import main; main()")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RayHead:
    """``up`` starts Ray where there is none; everything it starts stays in its Unix session."""

    head: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")
    ingress: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")
    http_port: int = field(default_factory=free_port)
    # Ray keeps sockets and logs there, and the address of the machine's latest cluster.
    _folder: str = field(default_factory=lambda: mkdtemp(prefix="ray-"))
    _sessions: set[int] = field(default_factory=set)

    def up(self, *options: str) -> str:
        """Deploy; return what the command printed."""
        ports = ("--grpc-port", self.ingress.rpartition(":")[2], "--http-port", f"{self.http_port}")
        return self.run("up", "--cpus", "0.1", *ports, *options)

    def run(self, command: str, *options: str, code: int = 0) -> str:
        process = subprocess.Popen(
            [*ESAPR, "cluster", command, "--address", self.head, *options],
            start_new_session=True,
            env={**os.environ, "RAY_TMPDIR": self._folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._sessions.add(process.pid)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == code, output
        return output

    def replicas(self, model: str) -> list[int]:
        """Process ids of a model's replicas, by Ray's title of the process."""
        title = f"ray::ServeReplica:{model}:"
        return [pid for pid in self._processes() if _title(pid).startswith(title)]

    def remove(self) -> None:
        """Kill every process and forget what they wrote."""
        self.kill()
        rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Kill every process of the cluster at once."""
        while found := self._processes():
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _processes(self) -> list[int]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError):
                # Fields 3 and 6 of proc_pid_stat(5): state and Unix session.
                state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(session) in self._sessions and state not in "ZX":
                    found.append(int(folder.name))
        return found


def _title(pid: int) -> str:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""
