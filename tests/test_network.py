"""Tests run with the network cut, so nothing that is served is downloaded at run time."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

AWAY = ("192.0.2.1", 9)  # RFC 5737: nobody's
REACH = f"import socket; socket.create_connection({AWAY!r}, 1)"


@pytest.fixture
def noted(reached: Path) -> Iterator[Path]:
    """What is reached for here is forgotten again."""
    before = reached.read_text(encoding="utf-8")
    yield reached
    reached.write_text(before, encoding="utf-8")


def test_another_machine_cannot_be_reached(noted: Path) -> None:
    with pytest.raises(OSError, match="no network"):
        socket.create_connection(AWAY, 1)
    with socket.socket(type=socket.SOCK_DGRAM) as udp, pytest.raises(OSError, match="no network"):
        udp.sendto(b"", AWAY)
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("pypi.example", 443)

    assert noted.read_text(encoding="utf-8").splitlines()[-3:] == [
        "socket.connect 192.0.2.1",
        "socket.sendto 192.0.2.1",
        "socket.getaddrinfo pypi.example",
    ]


def test_nor_by_a_process_that_a_test_starts(noted: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REACH], capture_output=True, text=True, check=False
    )

    assert "no network" in done.stderr
    assert "192.0.2.1" in noted.read_text(encoding="utf-8")


def test_this_machine_can_be_reached(reached: Path) -> None:
    before = reached.read_text(encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), 1).close()

    assert reached.read_text(encoding="utf-8") == before
