"""Pages of other sites: which calls their browsers let them make."""

import aiohttp
import pytest

from tests.server.http.files import client
from tests.server.http.test_consent import bearer, open_session
from tests.serving import running_server

pytestmark = pytest.mark.real_time

CLINIC = "https://clinic.example"


async def preflight(
    http: aiohttp.ClientSession, path: str, method: str, headers: str, origin: str = CLINIC
) -> bool:
    """Ask as browsers do (FETCH, 4.8), and return whether the call may be made."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    answer = await http.options(path, headers=asked)
    sent = answer.headers.get("Access-Control-Allow-Headers", "").lower().split(", ")
    return (
        answer.ok
        and answer.headers.get("Access-Control-Allow-Origin") == origin
        and method in answer.headers["Access-Control-Allow-Methods"].split(", ")
        and set(headers.split(",")) <= set(sent)
    )


async def test_a_widget_on_another_origin_asks_whether_its_session_is_still_there() -> None:
    async with (
        running_server(allowed_origins=(CLINIC,)) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        opened = await open_session(http)
        path = f"/v1/sessions/{opened['session_id']}"
        for method in ("GET", "DELETE"):
            assert await preflight(http, path, method, "authorization")
        assert await preflight(http, f"{path}/end", "POST", "authorization")
        assert await preflight(http, f"{path}/tokens", "POST", "authorization,content-type")
        assert not await preflight(http, path, "PUT", "authorization")
        assert not await preflight(http, path, "GET", "authorization", "https://else.example")
        answer = await http.get(path, headers={**bearer(opened), "Origin": CLINIC})
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, CLINIC)


async def test_a_page_on_another_origin_reads_and_forgets_an_analysis() -> None:
    async with client(allowed_origins=(CLINIC,)) as (sender, _):
        sent = await sender.send(b"All is well.", "text/plain")
        events = "authorization,last-event-id"
        assert await preflight(sender.http, sent["events_url"], "GET", events)
        for method in ("GET", "DELETE"):
            assert await preflight(sender.http, sent["url"], method, "authorization")


async def test_what_needs_a_server_key_is_not_for_pages() -> None:
    async with client(allowed_origins=(CLINIC,)) as (sender, _):
        for path in ("/v1/sessions", "/v1/analyses", "/v1/admin/drain"):
            assert not await preflight(sender.http, path, "POST", "authorization")


async def test_without_allowed_origins_no_site_may_call() -> None:
    async with client() as (sender, _):
        sent = await sender.send(b"All is well.", "text/plain")
        assert not await preflight(sender.http, sent["url"], "GET", "authorization")
