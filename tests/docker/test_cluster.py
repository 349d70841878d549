"""The parts of compose.cluster.yaml as plain processes: a session outlives its gateway."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import aiohttp
import msgspec
import pytest
from yarl import URL

from esapr.load_tests.gateway import Gateway, RefusedError
from esapr.load_tests.server_process import server_process
from esapr.protocol.requests import SessionCredentials
from esapr.server.records.cipher import new_key
from esapr.server.trust.key_file import KeyFile
from tests.cli.test_processes import play_until_seen
from tests.cluster.extra import require
from tests.docker import compose
from tests.docker.proxies import Proxy, at, free_port, nginx
from tests.postgres import new_database, postgres
from tests.server.bus.nats_server import nats_server
from tests.server.http.keyed import make, opened

require("nats")

pytestmark = pytest.mark.real_time

SERVICES = compose.services("compose.cluster.yaml")
GATEWAYS = ("gateway-1", "gateway-2")
ESAPR = (sys.executable, "-c", "from esapr.cli.main import main; main()")


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with postgres() as url:
        yield new_database(url)


@dataclass(frozen=True)
class Cluster:
    """What the compose file runs, but for Ray and TURN."""

    balancer: Proxy
    key: str
    processes: dict[int, int]
    """Gateways by their internal port."""


def variables(service: str, folder: Path, ports: dict[str, int]) -> list[str]:
    """The settings of a service, with this machine's places for those of the containers."""
    found: dict[str, str] = SERVICES[service]["environment"]
    here = {
        # On any other address media are offered at those of every interface.
        "ESAPR_HOST": "127.0.0.1",
        # The models on Ray have tests of their own (tests/cluster).
        "ESAPR_INFERENCE_WORKERS": "threads",
        "ESAPR_INFERENCE_THREADS": "1",
        "ESAPR_STATE_DIR": str(folder),
        "ESAPR_TRUSTED_PROXIES": "127.0.0.1/32",
        "ESAPR_TURN_URLS": "turn:127.0.0.1:3478",
    }
    given = {
        name: str(ports.get(value, value)).replace("/run/secrets", str(folder))
        for name, value in found.items()
    }
    return [f"{name}={value}" for name, value in (given | here).items()]


def write_secrets(folder: Path, **secrets: str) -> None:
    """Write what the service's variables name; what is not given is random."""
    for name in SERVICES["gateway-1"]["secrets"]:
        (folder / name).write_text(secrets.get(name) or token_hex(32))


@asynccontextmanager
async def cluster(folder: Path, database_url: str) -> AsyncIterator[Cluster]:
    ports = {port: free_port() for port in ("8001", "8002", "9101", "9102")}
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(nats_server())
        write_secrets(folder, database_url=database_url, nats_url=nats.url, records_key=new_key())
        migrate = SERVICES["migrate"]["command"]
        done = await asyncio.create_subprocess_exec(
            "env", *variables("migrate", folder, ports), *ESAPR, *migrate
        )
        assert await done.wait() == 0
        processes = {}
        for name, internal in zip(GATEWAYS, ("9101", "9102"), strict=True):
            command = ("env", *variables(name, folder, ports), *ESAPR, "serve")
            server = await stack.enter_async_context(server_process(command))
            processes[ports[internal]] = server.pid
        servers = {f"gateways:{port}": ports[port] for port in ("8001", "8002")}
        balancer = await stack.enter_async_context(nginx(folder, servers, "upstream-cluster.conf"))
        yield Cluster(balancer, make(KeyFile(folder / "keys.json"), "clinic"), processes)


async def owner(http: aiohttp.ClientSession, processes: dict[int, int]) -> int:
    """Return the process that has the one session there is."""
    for port, pid in processes.items():
        async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
            if "esapr_sessions 1.0" in await answer.text():
                return pid
    raise AssertionError("nobody has the session")


def asked(cluster: Cluster, path: str) -> set[str]:
    """Return the gateways that the balancer has asked for what is below ``path``."""
    lines = [line.split() for line in cluster.balancer.log.read_text().splitlines()]
    return {line[-1] for line in lines if line[3].startswith(path)}


async def test_a_session_goes_on_behind_the_balancer_when_its_gateway_is_killed(
    database_url: str, tmp_path: Path
) -> None:
    async with cluster(tmp_path, database_url) as running, at(running.balancer) as http:
        async with asyncio.timeout(30):
            while len(asked(running, "/healthz")) < len(GATEWAYS):
                assert (await http.get("/healthz")).status == 200
        gateway = Gateway(http, URL(running.balancer.url))
        found = await opened(http, running.key)
        credentials = msgspec.convert(found, SessionCredentials)
        before = await play_until_seen(gateway, credentials)
        # Every call that concerns it, though any gateway would have answered.
        assert len(asked(running, f"/v1/sessions/{before.session}")) == 1

        os.kill(await owner(http, running.processes), signal.SIGKILL)
        async with asyncio.timeout(30):
            while True:
                try:
                    after = await play_until_seen(gateway, credentials)
                    break
                except (aiohttp.ClientError, RefusedError, AssertionError):
                    await asyncio.sleep(0.2)
        assert after.session == before.session
        assert after.seq > before.seq
