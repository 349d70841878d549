"""The page of staff in a real browser: signing in at a real OpenID provider, working, and out."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Page, expect

from esapr.protocol.messages import Totals
from esapr.server.config import ServerConfig
from esapr.server.records.buffer import Batch
from esapr.server.records.rows import Closing
from tests.e2e.browser import open_page
from tests.e2e.test_accessibility import violations
from tests.e2e.test_page import take_screenshots
from tests.openid_provider import openid_provider
from tests.server.http.test_rooms import enter
from tests.server.records.stored import NO_DROPS, OPENED_MS, facts, store_of
from tests.serving import running_server

pytestmark = [pytest.mark.real_time, pytest.mark.browser]

# What asks who is signed in, and the icon that the provider's pages do not have.
EXPECTED = "401|404"
SOON_MS = 30_000
MINUTES = (50, 47, 12, 51, 49)


@contextmanager
def kept_port() -> Iterator[int]:
    """A free port that nobody else gets, and that a server can share."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


async def record(folder: Path, count: int) -> None:
    """Keep some sessions, as if they had been."""
    openings, closings = [], []
    for number in range(count):
        opened = facts(
            f"{number:032x}", f"P-{1041 + number % 7}", opened_ms=OPENED_MS - number * 9_000_000
        )
        states = 60 * MINUTES[number % len(MINUTES)]
        totals = Totals(states, states * (99 - number % 30) // 100, 0, 0, 0, NO_DROPS)
        reason = "idle" if number % 5 == 2 else "closed"
        openings.append(opened)
        closings.append(Closing(opened.session, opened.opened_ms + states * 1000, reason, totals))
    async with store_of(ServerConfig(state_dir=str(folder))) as store:
        await store.write(Batch(openings=openings, closings=closings))


async def sign_in(page: Page, login: str) -> None:
    """Sign in as somebody does at the provider's own pages."""
    await page.get_by_test_id("sign-in").click()
    await page.locator("[name=login]").fill(login)
    await page.locator("[name=password]").fill("any")
    await page.get_by_role("button", name="Sign-in").click()
    # The provider asks whether this server may know who they are.
    await page.get_by_role("button", name="Continue").click()


async def test_a_clinician_signs_in_finds_sessions_and_rooms_and_signs_out(
    chromium: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esapr.server.http.staff.PAGE_SESSIONS", 6)
    await record(tmp_path, 8)
    with openid_provider("localhost") as provider, kept_port() as port:
        url = f"http://127.0.0.1:{port}"
        settings = provider.settings | {"staff_url": url, "port": port, "reuse_port": True}
        async with (
            # Nobody comes to Bob's session, which stays open all the same.
            running_server(state_dir=str(tmp_path), idle_timeout=600.0, **settings) as server,
            aiohttp.ClientSession(server.url) as http,
            open_page(chromium, f"{url}/staff", expected=EXPECTED) as page,
        ):
            # The provider's pages name fonts of another site.
            await page.route(re.compile("^https:"), lambda route: route.fulfill(status=204))
            await sign_in(page, "eve")
            await expect(page.get_by_role("alert")).to_contain_text(
                "have no role here", timeout=SOON_MS
            )
            assert page.url == f"{url}/staff"
            assert await violations(page) == []
            await page.context.clear_cookies()

            bob = await enter(http, "P-1044")
            await sign_in(page, "ada")
            await expect(page.get_by_test_id("who")).to_contain_text("Dr ada", timeout=SOON_MS)
            rows = page.get_by_test_id("sessions").locator("tbody tr")
            await expect(rows).to_have_count(6, timeout=SOON_MS)
            assert await page.evaluate("window.shifted") < 0.01
            await page.get_by_test_id("more").click()
            await expect(rows).to_have_count(9, timeout=SOON_MS)
            await expect(rows.first).to_contain_text("Still open", timeout=SOON_MS)
            link = rows.first.get_by_role("link")
            assert await link.get_attribute("href") == f"/report/{bob.id}"
            room = page.get_by_test_id("room").get_by_role("link")
            assert await room.get_attribute("href") == "/room/ward"
            assert await violations(page) == []
            await take_screenshots(page, "staff")
            assert not await page.evaluate("document.cookie")

            await room.click()
            await expect(page.locator("esapr-room")).to_contain_text("P-1044", timeout=SOON_MS)
            await page.go_back()
            await page.get_by_test_id("sign-out").click()
            await page.wait_for_url(re.compile(re.escape(f"{provider.issuer}/session/end")))
            await page.goto(f"{url}/staff")
            await expect(page.get_by_test_id("sign-in")).to_be_visible(timeout=SOON_MS)


async def test_on_a_demo_server_the_person_at_the_machine_needs_no_sign_in(chromium: str) -> None:
    async with running_server() as server, open_page(chromium, f"{server.url}/staff") as page:
        await expect(page.get_by_test_id("who")).to_contain_text("This machine", timeout=SOON_MS)
        await expect(page.get_by_text("No session has been recorded yet.")).to_be_visible(
            timeout=SOON_MS
        )
        await page.evaluate("document.documentElement.lang = 'de'")
        await page.evaluate("document.documentElement.dir = 'rtl'")
        await page.get_by_test_id("refresh").click()
        await expect(page.get_by_text("In keinem Raum ist jemand.")).to_be_visible(timeout=SOON_MS)
