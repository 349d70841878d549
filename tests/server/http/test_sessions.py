"""Sessions, tokens and the door: what the HTTP calls answer."""

import aiohttp
import pytest

from esapr.protocol import limits
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time


async def error_of(response: aiohttp.ClientResponse) -> tuple[int, str, str | None]:
    detail = (await response.json())["error"]
    assert detail["message"]
    assert detail["request_id"]
    return response.status, detail["code"], detail.get("field")


async def test_a_session_opens_with_a_consent_receipt_and_ends_on_delete() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        opened = await http.post("/v1/demo/sessions", json={"consent": CONSENT})
        assert opened.status == 201
        credentials = await opened.json()
        assert "not say what you feel" in credentials["notice"]
        bearer = {"Authorization": f"Bearer {credentials['client_token']}"}
        path = f"/v1/sessions/{credentials['session_id']}"
        assert opened.headers["Location"] == path
        assert (await http.delete(path, headers=bearer)).status == 204


async def test_a_session_says_what_it_is_doing() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        body = {"consent": CONSENT, "participant": "Ada", "modalities": ["text"]}
        credentials = await (await http.post("/v1/demo/sessions", json=body)).json()
        path = f"/v1/sessions/{credentials['session_id']}"
        bearer = {"Authorization": f"Bearer {credentials['client_token']}"}
        info = await (await http.get(path, headers=bearer)).json()
        assert info["t_ms"] >= 0
        assert {k: info[k] for k in ("participant", "modalities", "media", "feeds")} == {
            "participant": "Ada",
            "modalities": ["text"],
            "media": "none",
            "feeds": 0,
        }
        assert info["totals"]["states"] == 0


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 403, "consent_required", "consent"),
        ({"consent": {"subject": "x"}}, 400, "config_invalid", "consent.text_version"),
        ({"consent": CONSENT, "mood": 1}, 400, "config_invalid", "mood"),
        ({"consent": CONSENT, "tick_ms": 99}, 400, "config_invalid", "tick_ms"),
        ({"consent": CONSENT, "tick_ms": 5001}, 400, "config_invalid", "tick_ms"),
        ({"consent": CONSENT, "modalities": ["smell"]}, 400, "config_invalid", "modalities[0]"),
        ({"consent": CONSENT, "room": "ward\n"}, 400, "config_invalid", "room"),
        ({"consent": CONSENT, "room": "ward/3"}, 400, "config_invalid", "room"),
        ({"consent": CONSENT, "room": "x" * 129}, 400, "config_invalid", "room"),
        ([], 400, "bad_message", None),
    ],
)
async def test_a_bad_request_is_refused_with_the_field_that_is_wrong(
    body: object, status: int, code: str, field: str | None
) -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        response = await http.post("/v1/demo/sessions", json=body)
        assert await error_of(response) == (status, code, field)


async def test_ticks_at_both_limits_are_taken() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        for tick_ms in (limits.MIN_TICK_MS, limits.MAX_TICK_MS):
            body = {"consent": CONSENT, "tick_ms": tick_ms}
            assert (await http.post("/v1/demo/sessions", json=body)).status == 201


async def test_a_body_at_the_limit_is_read_and_one_past_it_is_not() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        at_limit = await http.post("/v1/demo/sessions", data=b" " * limits.MAX_REQUEST_BYTES)
        assert (await error_of(at_limit))[:2] == (400, "bad_message")
        over = await http.post("/v1/demo/sessions", data=b" " * (limits.MAX_REQUEST_BYTES + 1))
        assert (await error_of(over))[:2] == (413, "message_too_big")


async def test_a_full_server_refuses_at_the_door_and_takes_the_next_when_one_leaves() -> None:
    async with (
        running_server(max_sessions=1) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        first = await (await http.post("/v1/demo/sessions", json={"consent": CONSENT})).json()
        refused = await http.post("/v1/demo/sessions", json={"consent": CONSENT})
        assert (await error_of(refused))[:2] == (503, "overloaded")
        assert refused.headers["Retry-After"]
        bearer = {"Authorization": f"Bearer {first['client_token']}"}
        feed = http.ws_connect(first["feed_url"], headers=bearer)
        async with feed as socket:
            await http.delete(f"/v1/sessions/{first['session_id']}", headers=bearer)
            assert (await socket.receive_json())["type"] == "session.closed"
            await socket.receive()
        assert (await http.post("/v1/demo/sessions", json={"consent": CONSENT})).status == 201


async def test_another_sites_page_cannot_open_a_session() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        response = await http.post(
            "/v1/demo/sessions",
            json={"consent": CONSENT},
            headers={"Origin": "https://elsewhere.example"},
        )
        assert (await error_of(response))[:2] == (401, "token_invalid")


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_a_wrong_token_opens_nothing(token: str) -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        opened = await http.post("/v1/demo/sessions", json={"consent": CONSENT})
        path = f"/v1/sessions/{(await opened.json())['session_id']}"
        bearer = {"Authorization": f"Bearer {token}"}
        for response in (
            await http.get(f"{path}/feed", params={"token": "é"}),
            await http.get(f"{path}/feed", headers=bearer),
            await http.post(f"{path}/whip", headers=bearer),
            await http.delete(path, headers=bearer),
        ):
            assert (await error_of(response))[:2] == (401, "token_invalid")


async def test_an_unknown_session_and_an_unknown_page_are_not_found() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        for path in ("/v1/sessions/nobody/feed", "/nothing"):
            assert (await error_of(await http.get(path)))[:2] == (404, "not_found")


async def test_health_readiness_models_and_metrics() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        assert (await http.get("/healthz")).status == 200
        assert (await http.get("/readyz")).status == 200
        models = {m["name"]: m for m in await (await http.get("/v1/models")).json()}
        assert models["voice_expression"]["commercial_use"] is False
        assert "esapr_sessions 0.0" in await (await http.get("/metrics")).text()
        page = await http.get("/")
        assert page.status == 200
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
