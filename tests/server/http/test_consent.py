"""Consent as a partner meets it: the notice, what is refused, and what revocation does."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from esapr.server.trust.audit import verify
from esapr.server.trust.audit_folder import read_head, read_lines
from tests.server.http.files import WAITING, client, refusal
from tests.server.http.keyed import bearer as key_header
from tests.server.http.keyed import keyed_server, make, opened
from tests.serving import CONSENT, NOTICE_VERSION, running_server

pytestmark = pytest.mark.real_time


def audited(state: Path) -> list[dict[str, Any]]:
    """Return the lines of the audit log, which is sound."""
    folder = state / "audit/0"
    head = read_head(folder)
    lines = [*read_lines(folder)]
    assert verify(lines, None, [head] if head else []) == []
    return [json.loads(line) for line in lines]


async def open_session(http: aiohttp.ClientSession, **body: object) -> dict[str, Any]:
    opened = await http.post("/v1/demo/sessions", json={"consent": CONSENT, **body})
    answer: dict[str, Any] = await opened.json()
    assert opened.status == 201, answer
    return answer


def bearer(credentials: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials['client_token']}"}


async def test_the_notice_is_there_before_anybody_consents() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        english = await (await http.get("/v1/notice")).json()
        german = await (await http.get("/v1/notice", params={"language": "de"})).json()
        assert english["version"] == german["version"] == NOTICE_VERSION
        assert english["languages"] == ["de", "en"]
        assert "Einwilligung" in german["text"]
        assert english["sha256"] == hashlib.sha256(english["text"].encode()).hexdigest()
        other = await http.get("/v1/notice", params={"language": "fr"})
        error = (await other.json())["error"]
        assert (other.status, error["code"], error["field"]) == (400, "config_invalid", "language")


async def test_the_notice_goes_out_with_the_session_and_its_feed() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        opened = await open_session(http, consent={**CONSENT, "language": "de"})
        assert "Einwilligung" in opened["notice"]
        assert opened["policy"]["outcome"] == "allow"
        assert opened["policy"]["rule"] == "purposes"
        assert "eu-ai-act-50-3" in opened["policy"]["notice_rules"]
        async with http.ws_connect(opened["feed_url"], headers=bearer(opened)) as feed:
            await feed.send_json({"type": "hello", "version": 1})
            assert (await feed.receive_json())["notice"] == opened["notice"]


async def test_what_the_policy_refuses_names_the_rule_and_is_logged(tmp_path: Path) -> None:
    async with (
        running_server(state_dir=str(tmp_path)) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        body = {"consent": CONSENT, "subject_flags": ["minor"], "jurisdiction": "DE"}
        refused = await http.post("/v1/demo/sessions", json=body)
        error = (await refused.json())["error"]
        assert refused.status == 403
        assert (error["code"], error["field"], error["rule"]) == (
            "policy_refused",
            "subject_flags",
            "minor",
        )
        line = audited(tmp_path)[-1]
        assert (line["event"], line["actor"], line["session"]) == ("policy.refused", "local", "")
        assert line["detail"] == {
            "rule": "minor",
            "purpose": "demonstration",
            "jurisdiction": "DE",
        }


async def test_demo_sessions_are_for_demonstration() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        body = {"consent": CONSENT, "purpose": "recruitment"}
        refused = await http.post("/v1/demo/sessions", json=body)
        error = (await refused.json())["error"]
        assert (refused.status, error["code"], error["field"]) == (403, "policy_refused", "purpose")


async def test_a_receipt_of_an_old_text_opens_nothing() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        body = {"consent": {**CONSENT, "text_version": "2020-01"}}
        refused = await http.post("/v1/demo/sessions", json=body)
        error = (await refused.json())["error"]
        assert (refused.status, error["code"], error["field"]) == (
            403,
            "consent_required",
            "consent.text_version",
        )
        assert NOTICE_VERSION in error["message"]
        assert "esapr_sessions 0.0" in await (await http.get("/metrics")).text()


async def test_the_log_says_why_a_session_was_open_and_names_nobody(tmp_path: Path) -> None:
    async with (
        running_server(state_dir=str(tmp_path)) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        receipt = {**CONSENT, "subject": "Ada Lovelace", "covers": ["records"]}
        opened = await open_session(http, consent=receipt, participant="Ada Lovelace")
        lines = audited(tmp_path)
        assert [line["event"] for line in lines] == [
            "policy.allowed",
            "consent.given",
            "session.opened",
        ]
        assert {line["session"] for line in lines} == {opened["session_id"]}
        given = lines[1]["detail"]
        assert given["sha256"] == hashlib.sha256(opened["notice"].encode()).hexdigest()
        assert given["covers"] == "records"
        assert len(given["subject"]) == 32
        assert "Lovelace" not in json.dumps(lines)


async def test_the_log_says_why_a_file_was_analysed_as_it_does_of_a_session(tmp_path: Path) -> None:
    async with client(state_dir=str(tmp_path)) as (sender, _):
        receipt = {**CONSENT, "subject": "Ada Lovelace"}
        sent = await sender.send(b"All is well.", "text/plain", consent=receipt)
        lines = audited(tmp_path)
    assert [line["event"] for line in lines] == [
        "policy.allowed",
        "consent.given",
        "analysis.opened",
    ]
    assert {line["session"] for line in lines} == {sent["analysis_id"]}
    assert {line["actor"] for line in lines} == {"local"}
    assert lines[0]["detail"]["purpose"] == "demonstration"
    assert lines[1]["detail"]["covers"] == "records"
    assert "Lovelace" not in json.dumps(lines)


async def test_a_file_that_cannot_be_logged_is_not_analysed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client(state_dir=str(tmp_path)) as (sender, server):

        def fail(_: int) -> None:
            raise OSError("no space left on device")

        monkeypatch.setattr("os.fsync", fail)
        answer = await sender.post(WAITING, "audio/wav")
        assert await refusal(answer) == (500, "internal", None)
        assert b'esapr_analyses_total{outcome="stopped"} 1.0' in server.metrics.text()


async def test_a_backend_revokes_consent_and_the_session_is_gone(tmp_path: Path) -> None:
    async with (
        running_server(state_dir=str(tmp_path)) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        opened = await open_session(http)
        path = f"/v1/sessions/{opened['session_id']}"
        async with http.ws_connect(opened["feed_url"], headers=bearer(opened)) as feed:
            assert (await http.delete(f"{path}/consent", headers=bearer(opened))).status == 204
            closed = await feed.receive_json()
            assert (closed["type"], closed["reason"]) == ("session.closed", "consent_revoked")
            assert (await feed.receive_json())["code"] == "consent_required"
            close = await feed.receive()
            assert (close.type, close.data) == (aiohttp.WSMsgType.CLOSE, 4403)
        assert (await http.get(path, headers=bearer(opened))).status == 404
        revoked, erased = audited(tmp_path)[-2:]
        assert (revoked["event"], revoked["session"]) == ("consent.revoked", opened["session_id"])
        assert (erased["event"], erased["session"]) == ("records.erased", opened["session_id"])


async def test_a_backend_cannot_open_what_is_never_done(tmp_path: Path) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        key = make(keys, "clinic")
        for purpose in ("recruitment", "workplace", "education", "marketing"):
            body = {"consent": CONSENT, "purpose": purpose, "jurisdiction": "GB"}
            refused = await http.post("/v1/sessions", json=body, headers=key_header(key))
            error = (await refused.json())["error"]
            assert (refused.status, error["code"], error["field"]) == (
                403,
                "policy_refused",
                "purpose",
            )
        logged = [line for line in audited(tmp_path) if line["event"] == "policy.refused"]
        assert [line["detail"]["purpose"] for line in logged] == [
            "recruitment",
            "workplace",
            "education",
            "unknown",
        ]
        assert all(line["actor"].startswith("key:") for line in logged)


async def test_a_backend_says_what_a_session_is_for(tmp_path: Path) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        body = {"consent": CONSENT}
        key = key_header(make(keys, "clinic"))
        refused = await http.post("/v1/sessions", json=body, headers=key)
        error = (await refused.json())["error"]
        assert (refused.status, error["code"], error["field"]) == (400, "config_invalid", "purpose")


async def test_a_backend_revokes_consent_with_its_key(tmp_path: Path) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        key = make(keys, "clinic")
        session = await opened(http, key)
        path = f"/v1/sessions/{session['session_id']}/consent"
        assert (await http.delete(path, headers=key_header(key))).status == 204
        revoked, erased = audited(tmp_path)[-2:]
        assert (revoked["event"], erased["event"]) == ("consent.revoked", "records.erased")
        assert revoked["actor"] == erased["actor"] == f"key:{keys.read()[-1].id}"


async def test_consent_is_revoked_with_the_token_of_the_session_alone() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        one, other = await open_session(http), await open_session(http)
        path = f"/v1/sessions/{one['session_id']}/consent"
        for headers in ({}, bearer(other)):
            assert (await http.delete(path, headers=headers)).status == 401
        assert (await http.get(path.removesuffix("/consent"), headers=bearer(one))).status == 200


async def test_revocation_over_the_feed_is_in_the_log(tmp_path: Path) -> None:
    async with (
        running_server(state_dir=str(tmp_path)) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        opened = await open_session(http)
        async with http.ws_connect(opened["feed_url"], headers=bearer(opened)) as feed:
            await feed.send_json({"type": "consent.revoke"})
            async for _ in feed:
                pass
    events = [line["event"] for line in audited(tmp_path)]
    assert events[-2:] == ["consent.revoked", "records.erased"]


async def test_a_session_that_cannot_be_logged_does_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        running_server(state_dir=str(tmp_path)) as server,
        aiohttp.ClientSession(server.url) as http,
    ):

        def fail(_: int) -> None:
            raise OSError("no space left on device")

        monkeypatch.setattr("os.fsync", fail)
        refused = await http.post("/v1/demo/sessions", json={"consent": CONSENT})
        assert (refused.status, (await refused.json())["error"]["code"]) == (500, "internal")
        assert "esapr_sessions 0.0" in await (await http.get("/metrics")).text()


async def test_a_session_is_never_widened_beyond_what_it_was_opened_for() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        opened = await open_session(http, modalities=["text"])
        async with http.ws_connect(opened["feed_url"], headers=bearer(opened)) as feed:
            await feed.send_json({"type": "hello", "version": 1})
            await feed.receive_json()
            await feed.send_json({"type": "configure", "modalities": ["face", "text"]})
            while (answer := await feed.receive_json())["type"] != "error":
                pass
            assert (answer["code"], answer["field"]) == ("config_invalid", "modalities")


async def test_what_a_deployment_overrides_is_logged_at_the_start(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[overrides]]\nrule = "minor"\njurisdictions = ["*"]\n'
        'reason = "guardians sign on paper"\nperson = "Dr A. Example"\n'
    )
    settings = {"state_dir": str(tmp_path), "policy_file": str(rules)}
    async with running_server(**settings) as server, aiohttp.ClientSession(server.url) as http:
        await open_session(http, subject_flags=["minor"])
        lines = [line for line in audited(tmp_path) if line["event"] == "policy.overridden"]
        assert [line["actor"] for line in lines] == ["server", "local"]
        assert all(line["detail"]["person"] == "Dr A. Example" for line in lines)


async def test_many_sessions_open_at_once_and_all_are_logged(tmp_path: Path) -> None:
    async with (
        running_server(state_dir=str(tmp_path)) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        opened = await asyncio.gather(*(open_session(http) for _ in range(20)))
        logged = [line["session"] for line in audited(tmp_path) if line["event"] == "consent.given"]
        assert {one["session_id"] for one in opened} == set(logged)
        assert len(logged) == 20
