"""A TURN server of its own for a test: Debian's coturn."""

import asyncio
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aioice import stun

from esapr.server.config import ServerConfig
from tests.programs import program

SECRET = "shared with coturn"


@asynccontextmanager
async def coturn(folder: Path, address: str = "127.0.0.1") -> AsyncIterator[ServerConfig]:
    """Run a TURN server on ``address`` that relays on loopback; give the settings it goes with."""
    turnserver = program("turnserver", "coturn")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((address, 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(turnserver, "-n", "--log-file=stdout", "--no-cli", "--no-tls", "--no-dtls"),
        *(f"--pidfile={folder}/pid", f"--userdb={folder}/users"),
        *(f"--listening-ip={address}", f"--listening-port={port}", "--relay-ip=127.0.0.1"),
        *("--allow-loopback-peers", "--realm=test"),
        *("--use-auth-secret", f"--static-auth-secret={SECRET}"),
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            await answering(address, port)
        yield ServerConfig(turn_urls=(f"turn:{address}:{port}",), turn_secret=SECRET)
    finally:
        process.terminate()
        await process.wait()


async def answering(address: str, port: int) -> None:
    """Wait until a STUN server answers."""
    loop = asyncio.get_running_loop()
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        probe.connect((address, port))
        while True:
            try:
                await loop.sock_sendall(probe, bytes(request))
                async with asyncio.timeout(0.1):
                    await loop.sock_recv(probe, 1500)
                    return
            except (TimeoutError, ConnectionRefusedError):
                await asyncio.sleep(0.05)
