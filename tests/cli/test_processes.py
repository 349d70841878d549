"""``esapr serve --processes``: several gateways behind one port, as a partner meets them."""

import asyncio
import os
import signal
import socket
from asyncio.subprocess import PIPE
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway, RefusedError
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.load_tests.server_process import SERVE, server_process
from esapr.load_tests.subscriber import Subscriber
from esapr.protocol.codec import Format
from esapr.protocol.messages import State
from esapr.protocol.requests import SessionCredentials, SessionRequest
from tests.cluster.extra import require
from tests.load_tests.test_gateway import CONSENT

require("nats")

pytestmark = pytest.mark.real_time


async def seen_face(feed: Subscriber) -> State:
    async for message in feed:
        if isinstance(message, State) and message.modalities.face:
            return message
    raise AssertionError(f"closed with {feed.close_code}")


def gateway_pids(supervisor: int) -> dict[int, int]:
    """The gateways of a supervisor, by the port that they have for themselves."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    found = {}
    for pid in children:
        settings = Path(f"/proc/{pid}/environ").read_text().split("\0")
        for setting in settings:
            name, _, value = setting.partition("=")
            if name == "ESAPR_INTERNAL_PORT":
                found[int(value)] = int(pid)
    return found


async def owner_of_the_session(http: aiohttp.ClientSession, supervisor: int) -> int:
    for port, pid in gateway_pids(supervisor).items():
        async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
            if "esapr_sessions 1.0" in await answer.text():
                return pid
    raise AssertionError("nobody has the session")


def two_free_ports() -> int:
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port: int = first.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
            except OSError:
                continue
            return port


async def play_until_seen(gateway: Gateway, credentials: SessionCredentials) -> State:
    """Watch and push media, as a client that connects anew, until a face is seen."""
    async with (
        gateway.subscribe(credentials, Format.JSON) as feed,
        gateway.push(credentials) as exchange,
        Peer(encode_clip(PORTRAIT), loopback=True) as peer,
    ):
        await peer.connect(exchange)
        return await seen_face(feed)


async def test_media_find_their_session_on_any_process_and_outlive_its_own() -> None:
    port = two_free_ports()
    command = ("env", f"ESAPR_INTERNAL_PORT={port}", *SERVE, "--processes", "2")
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(server_process(command))
        # A connection a request: the kernel deals them out to both processes.
        connector = aiohttp.TCPConnector(force_close=True)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        gateway = Gateway(http, URL(server.url))
        session = gateway.session(SessionRequest(consent=CONSENT))
        credentials = await stack.enter_async_context(session)
        before = await play_until_seen(gateway, credentials)
        os.kill(await owner_of_the_session(http, server.pid), signal.SIGKILL)
        async with asyncio.timeout(20):
            while True:
                try:
                    after = await play_until_seen(gateway, credentials)
                    break
                except (aiohttp.ClientError, RefusedError, AssertionError):
                    await asyncio.sleep(0.2)
        assert after.session == before.session
        assert after.seq > before.seq
        # The one that was killed is replaced.
        async with asyncio.timeout(20):
            while not await serves(http, port) or not await serves(http, port + 1):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


def descendants(pid: int) -> set[int]:
    found = set[int]()
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found |= {int(child)} | descendants(int(child))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_parent_that_is_stopped_stops_its_processes_without_a_complaint() -> None:
    process = await asyncio.create_subprocess_exec(*SERVE, "--processes", "2", stderr=PIPE)
    assert process.stderr is not None
    said = b""
    while said.count(b"serves on ") < 2:
        said += await process.stderr.readline()
    family = descendants(process.pid)
    process.terminate()
    async with asyncio.timeout(120):
        said += await process.stderr.read()
        await process.wait()
    assert process.returncode == 0
    assert not any(alive(pid) for pid in family)
    assert b"rror" not in said


async def test_a_parent_that_is_killed_takes_its_processes_with_it() -> None:
    async with server_process((*SERVE, "--processes", "2")) as server:
        # Two gateways, and a NATS server with the process that guards it.
        async with asyncio.timeout(20):
            while len(family := descendants(server.pid)) < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        os.kill(server.pid, signal.SIGKILL)
        async with asyncio.timeout(30):
            while any(alive(pid) for pid in family):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def serves(http: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
