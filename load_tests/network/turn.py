"""A TURN server of the harness's own: coturn, on loopback, for a server that the harness starts."""

import asyncio
import secrets
import shutil
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from aioice import stun

from esapr.load_tests.network.profiles import NetworkError

START_SECONDS = 8.0
ATTEMPTS = 3
"""Another program may take the free port before coturn does, which then waits for it for ever."""


@dataclass(frozen=True, slots=True)
class TurnServer:
    """A running TURN server and the secret of its time-limited credentials."""

    url: str
    secret: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """What a command line begins with whose server hands it out to clients."""
        return "env", f"ESAPR_TURN_URLS={self.url}", f"ESAPR_TURN_SECRET={self.secret}"


@asynccontextmanager
async def turn_server(address: str = "127.0.0.1") -> AsyncIterator[TurnServer]:
    """Run a TURN server on ``address`` that relays on loopback; it ends on leaving.

    Raises:
        NetworkError: coturn is not installed, or does not answer.
    """
    # Debian puts servers where only root's PATH leads.
    program = shutil.which("turnserver") or shutil.which("turnserver", path="/usr/sbin")
    if program is None:
        raise NetworkError("there is no turnserver here (apt-get install coturn)")
    for _ in range(ATTEMPTS):
        async with _started(program, address) as server:
            if server is not None:
                yield server
                return
    raise NetworkError(f"coturn does not answer on {address}, {ATTEMPTS} ports tried")


@asynccontextmanager
async def _started(program: str, address: str) -> AsyncIterator[TurnServer | None]:
    """Run coturn on a port that is free; None says that it does not answer there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((address, 0))
        port = free.getsockname()[1]
    secret = secrets.token_urlsafe()
    with TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *(program, "-n", "--log-file=stdout", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp"),
            *(f"--pidfile={folder}/pid", f"--userdb={folder}/users"),
            *(f"--listening-ip={address}", f"--listening-port={port}", "--relay-ip=127.0.0.1"),
            *("--allow-loopback-peers", "--realm=esapr"),
            *("--use-auth-secret", f"--static-auth-secret={secret}"),
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        try:
            answers = await _answering(address, port)
            yield TurnServer(f"turn:{address}:{port}", secret) if answers else None
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _answering(address: str, port: int) -> bool:
    """Wait until a STUN server answers; return whether it does."""
    loop = asyncio.get_running_loop()
    request = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        probe.connect((address, port))
        ends = loop.time() + START_SECONDS
        while loop.time() < ends:
            try:
                await loop.sock_sendall(probe, request)
                async with asyncio.timeout(0.1):
                    await loop.sock_recv(probe, 1500)
                    return True
            except (TimeoutError, ConnectionRefusedError):
                await asyncio.sleep(0.05)
    return False
