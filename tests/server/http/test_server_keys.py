"""Sessions that a partner's backend opens with a server key."""

import asyncio
from pathlib import Path

import pytest

from esapr.client import Client, RefusedError, consent
from esapr.server.trust.key_file import KeyFile, KeyFileError
from tests.server.http.feeds import receive
from tests.server.http.keyed import bearer, code, keyed_server, make, opened
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

EVERYWHERE = "0.0.0.0"
PAGE = "https://clinic.example"


async def test_a_backend_opens_a_session_and_a_browser_uses_it(tmp_path: Path) -> None:
    async with keyed_server(tmp_path, host=EVERYWHERE) as (http, keys, _):
        session = await opened(http, make(keys, "clinic"), room="ward", origin=PAGE)
        token, page = session["client_token"], {"Origin": PAGE}
        async with http.ws_connect(
            session["feed_url"], protocols=("esapr.v1.json", f"esapr.token.{token}"), headers=page
        ) as socket:
            await socket.send_json({"type": "hello", "version": 1})
            assert (await receive(socket, "session.created"))["session"] == session["session_id"]
        path = f"/v1/sessions/{session['session_id']}"
        for origin, status in (({}, 401), ({"Origin": "https://evil.example"}, 401), (page, 204)):
            answer = await http.delete(path, headers=bearer(token) | origin)
            assert answer.status == status


async def test_the_python_sdk_opens_sessions_with_a_key(tmp_path: Path) -> None:
    receipt = consent("anna", text_version="2026-11", method="checkbox")
    async with keyed_server(tmp_path, host=EVERYWHERE) as (_, keys, server):
        url = f"http://127.0.0.1:{server.port}"
        async with (
            Client(url, key=make(keys, "clinic")) as client,
            client.session(
                consent=receipt, purpose="telehealth", room="ward", tick_ms=100
            ) as session,
        ):
            invited = await client.invite(session.credentials, "clinician")
            async with client.watch(invited.feed_url, invited.token) as watch:
                assert (await anext(watch.states())).session == session.id
        async with Client(url) as keyless:
            with pytest.raises(RefusedError, match="not_found"):
                async with keyless.session(consent=receipt):
                    pass


async def test_a_revoked_key_opens_nothing_more_and_its_sessions_go_on(tmp_path: Path) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        text = make(keys, "clinic")
        session = await opened(http, text)
        assert keys.revoke(keys.read()[-1].id)
        body = {"consent": CONSENT, "purpose": "telehealth"}
        assert await code(await http.post("/v1/sessions", json=body, headers=bearer(text))) == (
            "token_invalid"
        )
        path = f"/v1/sessions/{session['session_id']}"
        assert await code(await http.get(path, headers=bearer(text))) == "token_invalid"
        assert await code(await http.get(path, headers=bearer(session["client_token"]))) == "200"


async def test_a_second_key_of_a_name_takes_over_from_the_first(tmp_path: Path) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        first, second = make(keys, "clinic"), make(keys, "clinic")
        session = await opened(http, first)
        keys.revoke(keys.read()[-2].id)
        path = f"/v1/sessions/{session['session_id']}"
        assert await code(await http.get(path, headers=bearer(first))) == "token_invalid"
        assert await code(await http.get(path, headers=bearer(second))) == "200"


async def test_rooms_of_one_name_are_apart_where_the_holders_differ(tmp_path: Path) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        clinic, rival = make(keys, "clinic"), make(keys, "rival")
        ann = await opened(http, clinic, room="ward")
        eve = await opened(http, rival, room="ward")
        assert (ann["room"], eve["room"]) == ("clinic.ward", "rival.ward")
        tokens = f"/v1/sessions/{eve['session_id']}/tokens"
        async with http.post(tokens, json={"role": "clinician"}, headers=bearer(rival)) as made:
            token = (await made.json())["token"]
        refused = await http.get(ann["room_feed_url"], headers=bearer(token))
        assert await code(refused) == "token_invalid"


async def test_keys_that_cannot_be_read_open_nothing(tmp_path: Path) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        text = make(keys, "clinic")
        keys.path.write_text("{")
        answer = await http.post(
            "/v1/sessions", json={"consent": CONSENT, "purpose": "telehealth"}, headers=bearer(text)
        )
        assert await code(answer) == "token_invalid"


@pytest.mark.parametrize("days", [None, -1])
async def test_others_than_this_machine_are_not_served_without_a_valid_key(
    tmp_path: Path, days: int | None
) -> None:
    if days:
        make(KeyFile(tmp_path / "keys.json"), "clinic", days=days)
    with pytest.raises(KeyFileError, match="esapr keys create"):
        async with running_server(host=EVERYWHERE, state_dir=str(tmp_path)):
            pass


async def test_a_name_that_leads_to_this_machine_is_not_this_machine() -> None:
    """A page may give its own name the address 127.0.0.1 (DNS rebinding)."""
    async with running_server() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"POST /v1/admin/drain HTTP/1.1\r\nHost: evil.example\r\n"
            b"Origin: http://evil.example\r\nContent-Length: 0\r\n\r\n"
        )
        assert b" 401 " in await reader.readline()
        writer.close()
        await writer.wait_closed()
