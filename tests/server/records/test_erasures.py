"""An erasure that was promised is done: not before the database is back, and whoever dies."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from esapr.server.config import ServerConfig, environ_with
from esapr.server.records.intents import FOLDER, IntentFolder, Wanted
from esapr.server.trust.audit import verify
from esapr.server.trust.audit_folder import read_head, read_lines
from tests.server.http.feeds import Json, client, receive
from tests.server.records.stored import OTHER, SESSION, batch, kept_with, store_of
from tests.server.records.test_recorder import locked, locked_file, until_recorded

pytestmark = pytest.mark.real_time

PROMISE = """
import asyncio, sys
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.records.service import keeping
from esapr.server.trust.audit_log import open_audit_log

async def main():
    config = ServerConfig.from_environ()
    async with (
        open_audit_log(config.audit_folder, None, Metrics()) as audit,
        keeping(config, audit, Metrics()) as kept,
    ):
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await kept.recorder.erase(sys.argv[1], "key:1")
        print("promised", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def audited(state: Path) -> list[Json]:
    """Return what the audit log, which is sound, says of erasures."""
    head = read_head(state / "audit/0")
    lines = [*read_lines(state / "audit/0")]
    assert verify(lines, None, [head] if head else []) == []
    found = [json.loads(line) for line in lines]
    return [line for line in found if line["event"] == "records.erased"]


async def until_audited(state: Path) -> Json:
    async with asyncio.timeout(30):
        while True:
            if lines := audited(state):
                (line,) = lines
                return line
            await asyncio.sleep(0.05)


def left(state: Path) -> list[str]:
    return [path.name for path in (state / FOLDER).iterdir()]


async def promise_and_die(config: ServerConfig) -> None:
    """Have a process promise an erasure while the database is away, and kill it."""
    settings = {"state_dir": config.state_dir}
    if config.database_url:
        settings |= {"database_url": config.database_url, "records_keys": config.records_keys[0]}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROMISE, SESSION),
        env=environ_with(settings),
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        assert await process.stdout.readline() == b"open\n"
        with locked(config):
            process.stdin.write(b"\n")
            assert await process.stdout.readline() == b"promised\n"
            process.kill()
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_what_a_killed_process_has_promised_is_erased_at_the_next_start(
    config: ServerConfig, tmp_path: Path
) -> None:
    async with store_of(config) as store:
        await store.write(batch())
        await store.write(batch(OTHER))
    await promise_and_die(config)
    assert left(tmp_path) == [SESSION]

    async with kept_with(config) as kept:
        line = await until_audited(tmp_path)
        assert kept.store
        assert await kept.store.read(SESSION) is None
        assert await kept.store.read(OTHER) is not None
    assert (line["actor"], line["session"]) == ("key:1", SESSION)
    assert (line["detail"]["states"], line["detail"]["remaining"]) == ("10", "0")
    assert left(tmp_path) == []


async def test_whoever_is_told_that_the_records_are_away_is_erased_when_they_are_back(
    sqlite_config: ServerConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esapr.server.records.erasures.DONE_SECONDS", 0.2)
    monkeypatch.setattr("esapr.server.records.engine.LOCK_SECONDS", 1)
    async with client({"state_dir": str(tmp_path)}, modalities=["text"]) as (one, server):
        bearer = {"Authorization": f"Bearer {one.credentials['client_token']}"}
        async with one.greeted() as socket:
            await until_recorded(one, (await receive(socket, "state"))["seq"])
        with locked_file(sqlite_config):
            refused = await one.http.delete(one.path, headers=bearer)
            assert (refused.status, (await refused.json())["error"]["code"]) == (
                503,
                "records_away",
            )
            assert b"esapr_records_erasures 1.0" in server.metrics.text()
            assert audited(tmp_path) == []
        line = await until_audited(tmp_path)
        gone = await one.http.get(f"{one.path}/report", headers=bearer)
        assert (gone.status, (await gone.json())["error"]["code"]) == (404, "not_found")
    # A server that stops has done what it could.
    assert b"esapr_records_erasures 0.0" in server.metrics.text()
    assert left(tmp_path) == []
    assert line["actor"] == f"token:{one.credentials['token_id']}"
    assert line["detail"]["sessions"] == "1"


async def test_a_revocation_is_on_disk_before_anybody_learns_that_the_session_has_ended(
    sqlite_config: ServerConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esapr.server.records.engine.LOCK_SECONDS", 1)
    async with client({"state_dir": str(tmp_path)}) as (one, _), one.greeted() as socket:
        with locked_file(sqlite_config):
            await socket.send_json({"type": "consent.revoke"})
            assert (await receive(socket, "session.closed"))["reason"] == "consent_revoked"
            assert left(tmp_path) == [one.credentials["session_id"]]
    assert left(tmp_path) == []
    assert audited(tmp_path)[0]["session"] == one.credentials["session_id"]


async def test_an_erasure_that_no_disk_takes_is_refused_and_tried_all_the_same(
    sqlite_config: ServerConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client({"state_dir": str(tmp_path)}, modalities=["text"]) as (one, _):
        bearer = {"Authorization": f"Bearer {one.credentials['client_token']}"}

        def fail(_: int) -> None:
            raise OSError("no space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fail)
            refused = await one.http.delete(one.path, headers=bearer)
            assert (refused.status, (await refused.json())["error"]["code"]) == (500, "internal")
        assert (await until_audited(tmp_path))["session"] == one.credentials["session_id"]
    assert left(tmp_path) == []


def test_what_a_living_process_has_promised_nobody_else_does(tmp_path: Path) -> None:
    ours, theirs = IntentFolder(tmp_path), IntentFolder(tmp_path)
    intent = ours.add(Wanted(SESSION, "key:1", 7))
    assert theirs.abandoned() == []

    intent.release()

    (found,) = theirs.abandoned()
    assert found.wanted == Wanted(SESSION, "key:1", 7)
    assert ours.abandoned() == []
    found.fulfil()
    assert [*tmp_path.iterdir()] == []


def test_a_file_that_is_no_intent_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / SESSION).write_text("{}")

    assert IntentFolder(tmp_path).abandoned() == []
    assert (tmp_path / SESSION).exists()
