"""What is on disk: after a kill, and never what was seen, heard or said."""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from esapr.cli.main import main
from esapr.load_tests.server_process import ServerProcess, server_process
from esapr.protocol import JSON_SUBPROTOCOL, TOKEN_PREFIX
from esapr.protocol.binary import Kind, Media, encode_media
from esapr.server.config import ServerConfig
from esapr.server.records.engine import connected
from esapr.server.records.schema import Tables
from esapr.server.records.store import opened_store
from tests.server.http.feeds import Json, client, receive
from tests.server.media.encoded import picture, portrait, speech
from tests.server.records.stored import store_of
from tests.serving import CONSENT

pytestmark = pytest.mark.real_time

TICK_MS = 100
LOST_MS = 2_000
"""What a kill may cost."""

CANARY = "Kanarienvogel im Bergwerk"
NAME = "Wilhelmine Ungewoehnlich"


async def watch(http: aiohttp.ClientSession, url: str, count: int) -> tuple[str, int]:
    """Open a session and return its id and the last of ``count`` states of it."""
    body = {"consent": CONSENT, "tick_ms": TICK_MS, "modalities": ["text"]}
    opened = await (await http.post(f"{url}/v1/demo/sessions", json=body)).json()
    protocols = (JSON_SUBPROTOCOL, TOKEN_PREFIX + opened["client_token"])
    socket = await http.ws_connect(url + opened["feed_url"], protocols=protocols)
    await socket.send_json({"type": "hello", "version": 1})
    await socket.send_json({"type": "text", "body": "What a day!"})
    for _ in range(count):
        last: Json = await receive(socket, "state")
    return str(opened["session_id"]), int(last["seq"])


async def states_before_a_kill(server: ServerProcess, count: int) -> Sequence[tuple[str, int]]:
    async with aiohttp.ClientSession() as http:
        seen = await asyncio.gather(*(watch(http, server.url, 40) for _ in range(count)))
        os.kill(server.pid, signal.SIGKILL)
    return seen


async def test_a_kill_under_load_costs_two_seconds_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESAPR_STATE_DIR", str(tmp_path))
    async with server_process() as server:
        seen = await states_before_a_kill(server, 6)

    # The next one finds a database that it can use.
    async with server_process() as server, aiohttp.ClientSession(server.url) as http:
        assert (await http.get("/healthz")).status == 200
    assert CliRunner().invoke(main, ["audit", "verify"]).exit_code == 0
    async with opened_store(ServerConfig(state_dir=str(tmp_path))) as store:
        for session, last_seq in seen:
            found = await store.read(session)
            assert found is not None
            assert found.closing is None
            kept = [row.seq for row in found.states]
            assert kept == list(range(len(kept)))
            assert last_seq - kept[-1] <= LOST_MS / TICK_MS


async def rows(config: ServerConfig) -> bytes:
    """Return every value of every row of the database."""
    found: list[object] = []
    async with connected(config) as engine, engine.connect() as connection:
        for table in Tables.metadata.sorted_tables:
            for row in await connection.execute(select(table)):
                found += row
    return b"\n".join(each if isinstance(each, bytes) else str(each).encode() for each in found)


@pytest.mark.parametrize("keep_text", [False, True])
async def test_no_picture_no_word_and_no_name_reaches_the_disk_the_database_or_the_log(
    config: ServerConfig, tmp_path: Path, capfd: pytest.CaptureFixture[str], keep_text: bool
) -> None:
    async with store_of(config):
        pass
    settings = {
        "state_dir": config.state_dir,
        "database_url": config.database_url,
        "records_keys": config.records_keys,
        # The canary is no English.
        "any_language": True,
    }
    jpeg, pcm = picture(portrait(), "JPEG"), speech()[:16_000].tobytes()
    consent = {**CONSENT, "subject": NAME, "covers": ["records", *(["text"] if keep_text else [])]}
    about = {"consent": consent, "participant": NAME, "room": "canary-room"}
    async with client(settings, **about) as (one, _), one.greeted() as socket:
        await socket.send_json({"type": "text", "body": CANARY})
        await socket.send_bytes(encode_media(Media(Kind.IMAGE, 0, jpeg)))
        await socket.send_bytes(encode_media(Media(Kind.PCM, 0, pcm, rate=16_000)))
        while not {"face", "text"} <= (await receive(socket, "state"))["modalities"].keys():
            pass
        await socket.send_json({"type": "close"})
        await receive(socket, "session.closed")

    written = b"".join(file.read_bytes() for file in files(tmp_path)) + await rows(config)
    for canary in (CANARY, "Kanarienvogel", NAME, "canary-room"):
        assert canary.encode() not in written
        assert canary not in "".join(capfd.readouterr())
    pieces = {media[at : at + 64] for media in (jpeg, pcm) for at in range(0, len(media) - 64, 64)}
    pieces -= {bytes(64)}
    assert not [piece for piece in pieces if piece in written]
    async with opened_store(config) as store:
        (session,) = await store.of_person("", NAME)
        assert [line.body for line in await store.lines(session)] == [CANARY] * keep_text
        found = await store.read(session)
        assert found is not None
        assert all(row.body in written for row in found.states), "the states are what is looked at"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
