"""``esapr serve`` as a process: how it starts, what it says, how it stops, what it holds."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from esapr.load_tests.server_process import SERVE, ServerProcess, server_process
from esapr.protocol import JSON_SUBPROTOCOL, TOKEN_PREFIX
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

ESAPR = Path(sys.executable).with_name("esapr")


async def open_feed(
    http: aiohttp.ClientSession, url: str, **request: object
) -> aiohttp.ClientWebSocketResponse:
    opened = await http.post(f"{url}/v1/demo/sessions", json={"consent": CONSENT, **request})
    credentials = await opened.json()
    protocols = (JSON_SUBPROTOCOL, TOKEN_PREFIX + credentials["client_token"])
    socket = await http.ws_connect(url + credentials["feed_url"], protocols=protocols)
    await socket.send_json({"type": "hello", "version": 1})
    return socket


async def terminate(_: aiohttp.ClientSession, server: ServerProcess) -> None:
    os.kill(server.pid, signal.SIGTERM)


async def drain(http: aiohttp.ClientSession, server: ServerProcess) -> None:
    assert (await http.post(f"{server.url}/v1/admin/drain")).status == 202


@pytest.mark.parametrize("stop", [terminate, drain])
async def test_a_server_that_is_stopped_sends_every_state_and_closes_with_1001(
    stop: Callable[[aiohttp.ClientSession, ServerProcess], Awaitable[None]],
) -> None:
    """The session ends: there is no other gateway for which 1012 could send clients to wait."""
    async with aiohttp.ClientSession() as http:
        async with server_process() as server, asyncio.TaskGroup() as group:
            socket = await open_feed(http, server.url, tick_ms=100)
            messages: list[dict[str, Any]] = []
            seen = asyncio.Event()

            async def read() -> None:
                async for frame in socket:
                    messages.append(frame.json())
                    if messages[-1]["type"] == "state":
                        seen.set()

            reader = group.create_task(read())
            await seen.wait()
            await stop(http, server)
            await reader
        states = [m["seq"] for m in messages if m["type"] == "state"]
        closed, error = messages[-2:]
        assert states == list(range(closed["totals"]["states"]))
        assert (closed["reason"], error["code"]) == ("shutdown", "shutting_down")
        assert socket.close_code == 1001


async def test_a_server_that_is_drained_over_http_exits() -> None:
    process = await asyncio.create_subprocess_exec(*SERVE, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    url = ""
    while "serves on " not in url:
        url = (await process.stderr.readline()).decode()
    async with aiohttp.ClientSession(url.split()[-1]) as http:
        assert (await http.post("/v1/admin/drain")).status == 202
    await process.communicate()
    assert process.returncode == 0


async def test_memory_stays_flat_under_junk() -> None:
    """Offers and messages that are refused leave nothing behind."""

    async def abuse(http: aiohttp.ClientSession, server: ServerProcess) -> float:
        for _ in range(40):
            socket = await open_feed(http, server.url)
            for _ in range(5):
                await socket.send_bytes(os.urandom(100_000))
            await socket.send_json({"type": "text", "body": "x" * 500_000})
            await socket.send_json({"type": "close"})
            async for _frame in socket:
                pass
        return server.memory_mb

    async with aiohttp.ClientSession() as http, server_process() as server:
        async with asyncio.timeout(60):
            while (await http.get(f"{server.url}/readyz")).status != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        first = await abuse(http, server)
        second = await abuse(http, server)
        assert second < first * 1.05


async def test_without_the_built_page_the_server_says_what_to_install(tmp_path: Path) -> None:
    async with running_server(static=tmp_path) as server, aiohttp.ClientSession(server.url) as http:
        page = await (await http.get("/")).text()
        assert "Node.js" in page
        assert "make setup" in page
        assert (await http.get("/healthz")).status == 200


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ESAPR, *arguments],
        check=False,
        capture_output=True,
        text=True,
        input="",
        timeout=60,
        env={**os.environ, **environ},
    )


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"ESAPR_PORT": "x"}, "port must be of type int"),
        ({"ESAPR_ANALYSED_FPS": "31"}, "analysed_fps must lie between 0.5 and 30"),
        ({"ESAPR_LOG_JSON": "perhaps"}, "log_json must be true or false"),
    ],
)
def test_a_bad_setting_is_named(environ: dict[str, str], said: str) -> None:
    done = run("serve", **environ)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize("options", [[], ["--until-eof"]])
def test_what_keeps_a_gateway_from_starting_is_one_line(options: list[str]) -> None:
    done = run("serve", "--port", "0", *options, ESAPR_DATABASE_URL="sqlite:///x.db")
    assert done.returncode == 1
    assert "database_url needs records_keys or records_key_file" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_port_that_is_taken_is_said() -> None:
    async with running_server() as server:
        done = await asyncio.to_thread(run, "serve", "--port", str(server.port))
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{server.port}" in done.stderr


def test_models_are_listed_with_their_licences_and_verified() -> None:
    listed = run("models", "list", COLUMNS="200")
    assert listed.returncode == 0
    assert "voice_expression" in listed.stdout
    verified = run("models", "verify")
    assert verified.returncode == 0, verified.stdout
    assert verified.stdout.count("ok ") == 8
