"""A person who writes of self-harm is told whom to turn to, and nobody else is told anything."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from esapr.protocol.analyses import REQUEST_HEADER
from tests.server.http.feeds import Client, Json, client, receive
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

WORDS = "Honestly, I want to kill myself."


async def test_help_lines_come_to_the_person_and_stay_out_of_the_room(
    caplog: pytest.LogCaptureFixture,
) -> None:
    consent = {**CONSENT, "language": "de"}
    async with client(modalities=["text"], jurisdiction="DE", consent=consent) as (one, _):
        room = await one.http.ws_connect(
            one.credentials["room_feed_url"],
            protocols=("esapr.v1.json", f"esapr.token.{await clinicians_token(one)}"),
        )
        await room.send_json({"type": "hello", "version": 1})
        async with one.greeted() as socket:
            for _ in range(3):
                await socket.send_json({"type": "text", "body": WORDS})
            event = await receive(socket, "event")
            while event["kind"] != "support_resources":
                event = await receive(socket, "event")
            await socket.send_json({"type": "close"})
            later = [message async for message in messages(socket)]
        seen = [message async for message in messages(room)]

    lines = event["help_lines"]
    assert lines[0]["phone"] == "0800 111 0 111"
    assert "kostenlos" in lines[0]["about"]
    assert WORDS not in str(event)
    # Three such lines within a minute are one event.
    assert [each for each in later if each.get("kind") == "support_resources"] == []
    assert {message["type"] for message in seen} >= {"room.entered", "state", "member.left"}
    assert "support_resources" not in str(seen)
    # It is no score: the states have what the text model made of the lines.
    assert all("help" not in str(each) for each in later if each["type"] == "state")
    assert WORDS not in caplog.text
    assert "support_resources" not in caplog.text


async def clinicians_token(one: Client) -> str:
    path = f"{one.path}/tokens"
    bearer = {"Authorization": f"Bearer {one.credentials['client_token']}"}
    async with one.http.post(path, json={"role": "clinician"}, headers=bearer) as made:
        assert made.status == 201
        token: str = (await made.json())["token"]
        return token


async def messages(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Json]:
    """Yield what comes until the socket closes."""
    async for frame in socket:
        yield frame.json()


@pytest.mark.parametrize(
    ("covers", "kept"), [([], []), (["records"], []), (["records", "text"], ["support"])]
)
async def test_it_is_kept_only_where_text_is(
    covers: list[str], kept: list[str], tmp_path: Path
) -> None:
    async with (
        running_server(state_dir=str(tmp_path)) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        consent = {**CONSENT, "covers": covers}
        body = {"consent": consent, "modalities": ["text"], "tick_ms": 100}
        async with http.post("/v1/demo/sessions", json=body) as opened:
            one = Client(http, await opened.json())
        async with one.greeted() as socket:
            await socket.send_json({"type": "text", "body": WORDS})
            assert (await receive(socket, "event"))["kind"] == "support_resources"
            await socket.send_json({"type": "close"})
            await receive(socket, "session.closed")
    with closing(sqlite3.connect(tmp_path / "records.db")) as database:
        found = database.execute("SELECT kind, label FROM events WHERE kind LIKE '%supp%'")
        assert [kind for kind, _ in found] == kept
    assert WORDS.encode() not in (tmp_path / "records.db").read_bytes()


async def test_a_document_names_them_once_before_its_page() -> None:
    text = f"A good day.\f{WORDS} {WORDS}\f{WORDS}"
    wanted = json.dumps({"jurisdiction": "US", "consent": CONSENT})
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        headers = {"Content-Type": "text/plain", REQUEST_HEADER: wanted}
        async with http.post("/v1/demo/analyses", data=text.encode(), headers=headers) as taken:
            credentials = await taken.json()
        bearer = {"Authorization": f"Bearer {credentials['token']}"}
        async with http.get(credentials["events_url"], headers=bearer) as events:
            names = [
                line.partition(": ")[2]
                for line in (await events.text()).splitlines()
                if line.startswith("event: ") and "progress" not in line
            ]
        async with http.get(credentials["url"], headers=bearer) as answer:
            result: Json = await answer.json()

    assert names == ["page", "event", "page", "page", "analysis.done"]
    (event,) = result["events"]
    assert event["kind"] == "support_resources"
    assert event["help_lines"][0]["phone"] == "988"
    assert len(result["pages"]) == 3
