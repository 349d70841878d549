"""What staff find on a server: sessions, reports, rooms; and what others find in their place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from esapr.protocol.staff import StaffRole
from esapr.server.config import ServerConfig
from esapr.server.http.staff import PAGE_SESSIONS
from esapr.server.records.buffer import Batch
from esapr.server.trust.signing import Signing
from esapr.server.trust.staff import StaffSession
from esapr.server.trust.tokens import unix_time
from tests.server.http.feeds import Client
from tests.server.http.keyed import Json, code, keyed_server, make, opened
from tests.server.http.staff_callers import PURPOSE, SIGN_IN, cookie, session
from tests.server.http.test_reports import report_of, talk
from tests.server.http.test_rooms import enter, greeted
from tests.server.http.test_sign_in import audited
from tests.server.records.stored import OPENED_MS, facts, store_of
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time


async def read(http: aiohttp.ClientSession, path: str, **headers: str) -> Json:
    async with http.get(path, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        found: Json = await answer.json()
        return found


@asynccontextmanager
async def demo() -> AsyncIterator[aiohttp.ClientSession]:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        yield http


@asynccontextmanager
async def clinic(
    folder: Path, role: StaffRole = "clinician"
) -> AsyncIterator[tuple[aiohttp.ClientSession, str, dict[str, str]]]:
    """A server with a key and a provider; the key, and the headers of somebody who signed in."""
    async with keyed_server(folder, **SIGN_IN) as (http, keys, _):
        signed_in = cookie(Signing(folder / "signing_keys.json"), session(role))
        yield http, make(keys, "clinic"), signed_in


async def test_whoever_sits_at_a_demo_server_finds_sessions_reports_and_rooms() -> None:
    async with demo() as http:
        assert (await read(http, "/v1/staff/sessions")) == {"sessions": [], "next": None}
        body = {"consent": CONSENT, "tick_ms": 100, "participant": "Ada", "modalities": ["text"]}
        ada = Client(http, await (await http.post("/v1/demo/sessions", json=body)).json())
        await talk(ada)
        ended = await report_of(ada)
        bob = await enter(http, "Bob")

        who = await read(http, "/v1/staff/session")
        assert (who["role"], who["name"], who["ends_at"]) == ("clinician", None, None)
        newest, first = (await read(http, "/v1/staff/sessions"))["sessions"]
        assert (newest["session"], newest["closed_at"]) == (bob.id, None)
        assert (first["participant"], first["reason"]) == ("Ada", "closed")
        assert first["totals"] == ended["totals"]
        assert await read(http, f"/v1/sessions/{first['session']}/report") == ended

        assert await read(http, "/v1/staff/rooms") == {
            "rooms": [
                {
                    "room": "ward",
                    "members": [
                        {"session": bob.id, "participant": "Bob", "muted": [], "paused": False}
                    ],
                }
            ]
        }
        page = {"Origin": str(http._base_url.origin())}
        made = await http.post("/v1/staff/rooms/ward/tokens", headers=page)
        token = await made.json()
        assert (made.status, token["role"], token["view"]) == (201, "clinician", "full")
        async with greeted(http, token["feed_url"], token["token"]) as (_, entered):
            assert [member["session"] for member in entered["members"]] == [bob.id]


async def test_a_demo_server_shows_nothing_to_other_sites_and_names() -> None:
    async with demo() as http:
        for headers, refusal in (
            ({"Origin": "https://elsewhere.example"}, "token_invalid"),
            ({"Host": "elsewhere.example"}, "token_invalid"),
            ({"Sec-Fetch-Site": "cross-site"}, "scope_missing"),
            ({"Sec-Fetch-Site": "same-site"}, "scope_missing"),
        ):
            for path in ("/v1/staff/sessions", f"/v1/sessions/{'0' * 32}/report"):
                assert await code(await http.get(path, headers=headers)) == refusal
        # A program makes no token without saying whose it is.
        assert await code(await http.post("/v1/staff/rooms/ward/tokens")) == "scope_missing"


async def test_with_a_key_or_for_other_machines_nobody_is_staff_without_signing_in(
    tmp_path: Path,
) -> None:
    async with keyed_server(tmp_path) as (http, _, _):
        assert await code(await http.get("/v1/staff/sessions")) == "token_invalid"
        assert await code(await http.get(f"/v1/sessions/{'0' * 32}/report")) == "token_invalid"
    async with keyed_server(tmp_path, host="0.0.0.0") as (http, _, _):
        assert await code(await http.get("/v1/staff/sessions")) == "not_found"


async def test_what_a_clinician_does_is_in_the_audit_log(tmp_path: Path) -> None:
    async with clinic(tmp_path) as (http, key, clinician):
        made = await opened(http, key, participant="Ada", room="ward", tick_ms=100)
        path = f"/v1/sessions/{made['session_id']}"
        (listed,) = (await read(http, "/v1/staff/sessions", **clinician))["sessions"]
        assert (listed["participant"], listed["room"]) == ("Ada", "clinic.ward")
        assert (await read(http, f"{path}/report", **clinician))["participant"] == "Ada"
        assert (await read(http, "/v1/staff/rooms", **clinician))["rooms"]
        async with http.post("/v1/staff/rooms/clinic.ward/tokens", headers=clinician) as answer:
            token = (await answer.json())["token_id"]
        async with http.delete(path, headers=clinician) as answer:
            assert await code(answer) == "token_invalid"
    written = [line for line in audited(tmp_path) if line[1] == "staff:ada"]
    assert written == [
        ("sessions.listed", "staff:ada", {"sessions": "1"}),
        ("report.read", "staff:ada", {}),
        ("rooms.listed", "staff:ada", {"rooms": "1"}),
        ("token.issued", "staff:ada", {"role": "clinician", "token": token}),
    ]


async def test_a_supervisor_sees_trends_and_no_report(tmp_path: Path) -> None:
    async with clinic(tmp_path, "supervisor") as (http, key, supervisor):
        made = await opened(http, key, room="ward")
        assert len((await read(http, "/v1/staff/sessions", **supervisor))["sessions"]) == 1
        report = await http.get(f"/v1/sessions/{made['session_id']}/report", headers=supervisor)
        assert await code(report) == "scope_missing"
        async with http.post("/v1/staff/rooms/clinic.ward/tokens", headers=supervisor) as answer:
            assert (await answer.json())["view"] == "trends"


async def test_sessions_that_may_not_be_kept_are_not_listed(tmp_path: Path) -> None:
    async with clinic(tmp_path) as (http, key, clinician):
        await opened(http, key, consent=CONSENT | {"covers": []})
        erased = await opened(http, key)
        assert len((await read(http, "/v1/staff/sessions", **clinician))["sessions"]) == 1
        own = {"Authorization": f"Bearer {erased['client_token']}"}
        async with http.delete(f"/v1/sessions/{erased['session_id']}/consent", headers=own) as gone:
            assert gone.status == 204
        assert (await read(http, "/v1/staff/sessions", **clinician))["sessions"] == []


async def test_sessions_come_page_by_page_newest_first(tmp_path: Path) -> None:
    count = 2 * PAGE_SESSIONS + 10
    # Some open in the same millisecond.
    known = [facts(f"{n:032x}", opened_ms=OPENED_MS + n // 3) for n in range(count)]
    async with store_of(ServerConfig(state_dir=str(tmp_path))) as store:
        await store.write(Batch(openings=known))
    async with clinic(tmp_path) as (http, _, clinician):
        path, pages = "/v1/staff/sessions", []
        while path:
            page = await read(http, path, **clinician)
            pages.append([each["session"] for each in page["sessions"]])
            path = page["next"]
        assert [len(page) for page in pages] == [PAGE_SESSIONS, PAGE_SESSIONS, 10]
        found = [session for page in pages for session in page]
        assert found == [f"{n:032x}" for n in reversed(range(count))]
        async with http.get("/v1/staff/sessions?before=yesterday", headers=clinician) as refused:
            assert (await refused.json())["error"]["field"] == "before"


async def test_a_cookie_is_set_anew_while_somebody_works(tmp_path: Path) -> None:
    async with clinic(tmp_path) as (http, _, fresh):
        signing = Signing(tmp_path / "signing_keys.json")
        older = cookie(signing, session(ago=600))
        async with http.get("/v1/staff/session", headers=fresh) as answer:
            assert "Set-Cookie" not in answer.headers
        async with http.get("/v1/staff/session", headers=older) as answer:
            renewed = answer.cookies["__Host-esapr-staff"].value
        kept = signing.unseal(renewed, PURPOSE, StaffSession)
        assert kept
        assert kept.seen > unix_time() - 60
        async with http.delete("/v1/staff/session", headers=older) as answer:
            assert answer.cookies["__Host-esapr-staff"].value == ""


async def test_a_server_without_records_lists_no_sessions() -> None:
    async with running_server(records=False) as server, aiohttp.ClientSession(server.url) as http:
        assert await code(await http.get("/v1/staff/sessions")) == "not_found"
        assert not (await read(http, "/v1/staff/session"))["records"]
        assert (await read(http, "/v1/staff/rooms")) == {"rooms": []}


async def test_a_room_that_is_not_open_gives_no_token(tmp_path: Path) -> None:
    async with clinic(tmp_path) as (http, _, clinician):
        answer = await http.post("/v1/staff/rooms/nowhere/tokens", headers=clinician)
        assert await code(answer) == "not_found"
