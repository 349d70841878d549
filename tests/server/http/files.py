"""Files sent to a server, for tests."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import aiohttp

from esapr.protocol.analyses import AnalysisInfo, AnalysisMessage
from esapr.protocol.codec import decode_analysis, decode_body
from esapr.server.app import Server
from tests.server.analyses.recorded import recording
from tests.serving import CONSENT, running_server

PATH = "/v1/demo/analyses"
HAPPY = "I am so happy and grateful, this is wonderful!"
WAITING = recording("sound.wav", 1_800.0, rate=8_000)
"""Half an hour: long enough to be found at work."""

Json = dict[str, Any]


class Client:
    """Sends files to a server."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http

    async def post(
        self, data: Any, kind: str, headers: Json | None = None, **wanted: object
    ) -> aiohttp.ClientResponse:
        request = {"Esapr-Analysis": json.dumps({"consent": CONSENT, **wanted})}
        body = BytesIO(data) if isinstance(data, bytes) else data
        return await self.http.post(
            PATH, data=body, headers={"Content-Type": kind, **request, **(headers or {})}
        )

    async def send(self, data: bytes, kind: str, **wanted: object) -> Json:
        answer = await self.post(data, kind, **wanted)
        assert answer.status == 202, await answer.text()
        credentials: Json = await answer.json()
        assert answer.headers["Location"] == credentials["url"]
        return credentials

    async def info(self, credentials: Json) -> AnalysisInfo:
        answer = await self.http.get(credentials["url"], headers=bearer(credentials))
        assert answer.status == 200
        return decode_body(await answer.read(), AnalysisInfo)

    async def forget(self, credentials: Json) -> int:
        return (await self.http.delete(credentials["url"], headers=bearer(credentials))).status

    @asynccontextmanager
    async def events(
        self, credentials: Json, last: int | None = None
    ) -> AsyncIterator[AsyncIterator[tuple[int | None, AnalysisMessage]]]:
        headers = bearer(credentials) | ({"Last-Event-ID": str(last)} if last is not None else {})
        async with self.http.get(credentials["events_url"], headers=headers) as answer:
            assert answer.status == 200
            assert answer.content_type == "text/event-stream"
            yield read_events(answer)

    async def all_events(
        self, credentials: Json, last: int | None = None
    ) -> list[tuple[int | None, AnalysisMessage]]:
        async with asyncio.timeout(60), self.events(credentials, last) as events:
            return [event async for event in events]


async def read_events(
    answer: aiohttp.ClientResponse,
) -> AsyncIterator[tuple[int | None, AnalysisMessage]]:
    """Read server-sent events as the standard has them."""
    fields: dict[str, str] = {}
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
            continue
        message = decode_analysis(fields["data"].encode())
        assert fields["event"] == json.loads(fields["data"])["type"]
        yield int(fields["id"]) if "id" in fields else None, message
        fields = {}


@asynccontextmanager
async def client(**settings: object) -> AsyncIterator[tuple[Client, Server]]:
    async with (
        running_server(**settings) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        yield Client(http), server
    # aiohttp goes on reading what comes behind a refusal, for a while.
    if reading := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(reading, timeout=15)


def bearer(credentials: Json) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials['token']}"}


async def refusal(answer: aiohttp.ClientResponse) -> tuple[int, str, str | None]:
    detail = (await answer.json())["error"]
    return answer.status, detail["code"], detail.get("field")
