"""A feed that is sent anything: every frame is taken or refused, and nothing breaks.

``pytest tests/fuzz --fuzz-cases 100000`` is the long run.
"""

import re
import sys
from collections import Counter
from random import Random
from typing import Any

import aiohttp
import msgpack
import pytest

from esapr.load_tests.server_process import server_process
from esapr.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, TOKEN_PREFIX
from esapr.protocol.codec import Format
from esapr.protocol.errors import CloseCode, ErrorCode
from tests.fuzz.frames import frame
from tests.serving import CONSENT

pytestmark = [pytest.mark.real_time]

SUBPROTOCOLS = {Format.JSON: JSON_SUBPROTOCOL, Format.MSGPACK: MSGPACK_SUBPROTOCOL}
FRAMES_A_SOCKET = 200
EXPECTED = {CloseCode.BAD_MESSAGE, CloseCode.RATE}
LEAK_MB = 60


class Round:
    """One session and one socket that is sent frames until it closes or has had enough."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, form: Format) -> None:
        self._socket = socket
        self._form = form
        self.answers: list[dict[str, Any]] = []

    async def send(self, document: dict[str, Any]) -> None:
        if self._form is Format.JSON:
            await self._socket.send_json(document)
        else:
            await self._socket.send_bytes(msgpack.packb(document))

    async def until(self, kind: str) -> dict[str, Any] | None:
        """Read up to a message of a type; None if the socket closed before."""
        while True:
            got = await self._socket.receive(timeout=30)
            if got.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return None
            answer = got.json() if self._form is Format.JSON else msgpack.unpackb(got.data)
            self.answers.append(answer)
            if answer["type"] == kind:
                return dict(answer)

    async def play(self, rng: Random, most: int) -> int:
        """Send up to ``most`` frames and return how many it were."""
        await self.send({"type": "hello", "version": 1})
        created = await self.until("session.created")
        assert created is not None
        sent = 0
        while sent < most and not self._socket.closed:
            data = frame(rng, self._form, created["t_ms"]).data
            await (
                self._socket.send_str(data)
                if isinstance(data, str)
                else self._socket.send_bytes(data)
            )
            await self.send({"type": "ping", "t": sent})
            sent += 1
            if await self.until("pong") is None:
                break
        return sent

    def check(self) -> None:
        """Every refusal is of the catalogue; a close was announced by an error."""
        for answer in self.answers:
            if answer["type"] == "error":
                assert answer["code"] in list(ErrorCode)
                assert answer["code"] != ErrorCode.INTERNAL
        if self._socket.closed:
            assert self._socket.close_code in EXPECTED, self._socket.close_code
            assert self.answers[-1]["type"] == "error"


async def play(http: aiohttp.ClientSession, rng: Random, most: int, refusals: Counter[str]) -> int:
    """Open a session, play one round in it and count what was refused."""
    opened = await http.post("/v1/demo/sessions", json={"consent": CONSENT})
    credentials = await opened.json()
    form = rng.choice(list(Format))
    protocols = (SUBPROTOCOLS[form], TOKEN_PREFIX + credentials["client_token"])
    async with http.ws_connect(credentials["feed_url"], protocols=protocols) as socket:
        played = Round(socket, form)
        sent = await played.play(rng, most)
        played.check()
        refusals.update(each["code"] for each in played.answers if each["type"] == "error")
    bearer = {"Authorization": f"Bearer {credentials['client_token']}"}
    ended = await http.delete(f"/v1/sessions/{credentials['session_id']}", headers=bearer)
    assert ended.status in (204, 404)
    return sent


async def test_anything_may_be_sent(fuzz_cases: int, capfd: pytest.CaptureFixture[str]) -> None:
    rng, refusals = Random(20_261_123), Counter[str]()
    async with server_process() as server, aiohttp.ClientSession(server.url) as http:
        await until_ready(http)
        sent, warm = 0, 0.0
        while sent < fuzz_cases:
            sent += await play(http, rng, min(FRAMES_A_SOCKET, fuzz_cases - sent), refusals)
            # What is loaded and cached on the way is there after a tenth of it.
            warm = warm or (server.memory_mb if sent >= fuzz_cases / 10 else 0.0)
        await check_unharmed(http)
        grown = server.memory_mb - warm
    assert "Traceback" not in capfd.readouterr().err
    with capfd.disabled():
        refused = ", ".join(f"{code} {count}" for code, count in sorted(refusals.items()))
        sys.stdout.write(f"\n{sent} frames; refused: {refused}; {warm:.0f} MB {grown:+.0f} MB\n")
    assert grown < LEAK_MB


async def until_ready(http: aiohttp.ClientSession) -> None:
    while (await http.get("/readyz")).status != 200:
        pass


async def check_unharmed(http: aiohttp.ClientSession) -> None:
    metrics = await (await http.get("/metrics")).text()
    assert re.search(r"^esapr_sessions 0.0$", metrics, re.MULTILINE)
    assert re.search(r"^esapr_feeds 0.0$", metrics, re.MULTILINE)
    assert 'esapr_errors_total{code="internal"} 0.0' in metrics
