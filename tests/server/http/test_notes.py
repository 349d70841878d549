"""Notes that are kept with a session by those who follow its room."""

import json
from pathlib import Path

import aiohttp
import pytest

from esapr.protocol import limits
from esapr.server.config import ServerConfig
from esapr.server.records import statements
from esapr.server.records.engine import connected, writing
from esapr.server.records.export import export
from esapr.server.records.schema import NoteTable
from esapr.server.records.store import opened_store
from tests.server.http.keyed import Json, bearer, code, keyed_server, make, opened
from tests.serving import CONSENT

pytestmark = pytest.mark.real_time

CANARY = "speaks of the canary"


async def watcher(http: aiohttp.ClientSession, key: str, session: str, role: str) -> str:
    """Return a token for the room of a session."""
    path = f"/v1/sessions/{session}/tokens"
    async with http.post(path, json={"role": role}, headers=bearer(key)) as made:
        token: str = (await made.json())["token"]
        return token


def note(number: int = 0, **changes: object) -> Json:
    return {"note_id": f"{number:032x}", "t_ms": 12_000, "body": CANARY, **changes}


async def test_a_note_is_kept_encrypted_exported_and_erased_with_its_session(
    tmp_path: Path,
) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        key = make(keys, "clinic")
        session = (await opened(http, key, participant="Ada"))["session_id"]
        path = f"/v1/sessions/{session}"
        clinician = bearer(await watcher(http, key, session, "clinician"))
        async with http.post(f"{path}/notes", json=note(), headers=clinician) as kept:
            assert kept.status == 201
            assert (await kept.json())["note_id"] == note()["note_id"]
        # An answer that was lost is asked for again.
        async with http.post(f"{path}/notes", json=note(), headers=clinician) as again:
            assert again.status == 201

        async with opened_store(ServerConfig(state_dir=str(tmp_path))) as store:
            (found,) = (await export(store, "clinic", "Ada", 0)).sessions
            assert [(each.t_ms, each.body) for each in found.notes] == [(12_000, CANARY)]
            assert found.notes[0].author.startswith("token:")
            assert CANARY.encode() not in database(tmp_path)

            async with http.delete(path, headers=bearer(key)) as gone:
                assert gone.status == 204
            assert await store.notes(session) == []
    written = [line for line in audit(tmp_path) if line["event"] == "note.kept"]
    assert [(line["session"], line["actor"]) for line in written] == [
        (session, found.notes[0].author)
    ] * 2
    assert CANARY not in json.dumps(written)


async def test_a_note_says_something_and_is_not_too_long(tmp_path: Path) -> None:
    most = limits.MAX_NOTE_CHARACTERS
    async with keyed_server(tmp_path) as (http, keys, _):
        key = make(keys, "clinic")
        path = f"/v1/sessions/{(await opened(http, key))['session_id']}/notes"
        answers = {
            "201": note(1, body="é" * most),
            "text_too_long": note(2, body="é" * (most + 1)),
            "text_empty": note(3, body=" \n"),
            "config_invalid": note(4, note_id="0" * 31),
        }
        for expected, body in answers.items():
            async with http.post(path, json=body, headers=bearer(key)) as answer:
                assert await code(answer) == expected


async def test_a_session_has_two_hundred_notes_at_most(tmp_path: Path) -> None:
    most = limits.MAX_NOTES_PER_SESSION
    async with keyed_server(tmp_path) as (http, keys, _):
        key = make(keys, "clinic")
        session = (await opened(http, key))["session_id"]
        path = f"/v1/sessions/{session}/notes"
        found = {}
        for number in (0, most - 1, most, most - 1):
            async with http.post(path, json=note(number), headers=bearer(key)) as answer:
                found[number] = await code(answer)
            if number == 0:
                await fill(tmp_path, session, range(1, most - 1))
    assert found == {0: "201", most - 1: "201", most: "too_many_notes"}


async def fill(folder: Path, session: str, numbers: range) -> None:
    """Put notes into the database, past the server."""
    rows = [
        {"session": session, "id": f"{n:032x}", "t_ms": 0, "kept_ms": 0, "body": ""}
        for n in numbers
    ]
    config = ServerConfig(state_dir=str(folder))
    async with connected(config) as engine, writing(engine).begin() as connection:
        await statements.add(connection, NoteTable, rows)


async def test_nothing_is_kept_without_the_persons_consent(tmp_path: Path) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        key = make(keys, "clinic")
        unrecorded = CONSENT | {"covers": []}
        session = (await opened(http, key, consent=unrecorded))["session_id"]
        path = f"/v1/sessions/{session}/notes"
        clinician = bearer(await watcher(http, key, session, "clinician"))
        async with http.post(path, json=note(), headers=clinician) as answer:
            assert (answer.status, await code(answer)) == (403, "consent_required")
    assert [line for line in audit(tmp_path) if line["event"] == "note.kept"] == []


async def test_a_server_without_records_has_no_such_call(tmp_path: Path) -> None:
    async with keyed_server(tmp_path, records=False) as (http, keys, _):
        key = make(keys, "clinic")
        session = (await opened(http, key))["session_id"]
        path = f"/v1/sessions/{session}/notes"
        async with http.post(path, json=note(), headers=bearer(key)) as answer:
            assert await code(answer) == "not_found"


def database(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("records.db*"))


def audit(folder: Path) -> list[Json]:
    files = sorted((folder / "audit").glob("*/*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]
