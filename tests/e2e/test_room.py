"""The page of a room in a real browser; the people in it are partners that send text."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Locator, Page, expect

from esapr.protocol import JSON_SUBPROTOCOL, TOKEN_PREFIX
from tests.e2e.browser import open_page
from tests.e2e.test_accessibility import violations
from tests.e2e.test_page import take_screenshots
from tests.e2e.widget import agree, reach
from tests.serving import CONSENT, running_server

HAPPY = "This is wonderful, I am so happy to see you all!"
SAD = "I miss her so much, I cannot stop crying."
SOON_MS = 30_000

pytestmark = [pytest.mark.real_time, pytest.mark.browser]


@dataclass(frozen=True)
class Person:
    """Somebody in the room who writes."""

    credentials: dict[str, Any]
    socket: aiohttp.ClientWebSocketResponse

    async def say(self, line: str) -> None:
        await self.socket.send_json({"type": "text", "body": line})

    async def leave(self) -> None:
        await self.socket.send_json({"type": "close"})


@asynccontextmanager
async def inside(http: aiohttp.ClientSession, name: str) -> AsyncIterator[Person]:
    """Come into the room, and stay until the block is left."""
    wanted = {"participant": name, "room": "ward", "tick_ms": 500}
    async with http.post("/v1/demo/sessions", json={"consent": CONSENT, **wanted}) as opened:
        credentials = await opened.json()
    token = f"{TOKEN_PREFIX}{credentials['client_token']}"
    async with http.ws_connect(
        credentials["feed_url"], protocols=(JSON_SUBPROTOCOL, token)
    ) as socket:
        await socket.send_json({"type": "hello", "version": 1})
        yield Person(credentials, socket)


async def watch(page: Page, http: aiohttp.ClientSession, person: Person, role: str) -> None:
    """Open the page of the room with a token that ``person``'s session makes."""
    path = f"/v1/sessions/{person.credentials['session_id']}/tokens"
    own = {"Authorization": f"Bearer {person.credentials['client_token']}"}
    async with http.post(path, json={"role": role}, headers=own) as made:
        token = (await made.json())["token"]
    # Behind the same address it would be no new page.
    await page.goto("about:blank")
    await page.goto(str(made.url.with_path("/room/ward").with_fragment(f"token={token}")))
    await expect(page.get_by_test_id("phase")).to_have_text("Live", timeout=SOON_MS)


def tile(page: Page, name: str) -> Locator:
    return page.get_by_test_id("tile").filter(has=page.get_by_role("heading", name=name))


async def test_a_clinician_follows_a_room(chromium: str, tmp_path: Path) -> None:
    async with (
        running_server() as server,
        aiohttp.ClientSession(server.url) as http,
        inside(http, "Ada") as ada,
        AsyncExitStack() as others,
        open_page(chromium, f"{server.url}/healthz") as page,
    ):
        bob = await others.enter_async_context(inside(http, "Bob"))
        await watch(page, http, ada, "clinician")
        await expect(page.get_by_test_id("tile")).to_have_count(2)

        await alert_on(page, "happy", seconds=1)
        await ada.say(HAPPY)
        await bob.say(SAD)
        label = tile(page, "Ada").get_by_test_id("tile-label")
        await expect(label).to_have_text("happy", ignore_case=True, timeout=SOON_MS)
        await expect(page.get_by_test_id("basis")).to_contain_text("2 people", timeout=SOON_MS)
        alert = page.get_by_test_id("alert")
        await expect(alert).to_contain_text(
            "Ada showed the expression “happy” for 1 s", timeout=SOON_MS
        )
        await expect(alert).to_have_count(1)

        await write_note(page, "Bob", "Speaks of a loss.")
        await page.get_by_test_id("note-store").click()
        stored = "Stored with the session"
        await expect(page.get_by_test_id("note")).to_contain_text(stored, timeout=SOON_MS)
        assert await violations(page) == []
        await take_screenshots(page, "room")

        # Somebody comes and goes, and nothing moves.
        await page.evaluate("window.shifted = 0")
        cleo = await others.enter_async_context(inside(http, "Cleo"))
        await expect(tile(page, "Cleo")).to_be_visible(timeout=SOON_MS)
        await bob.leave()
        await expect(tile(page, "Bob")).to_contain_text("Has left", timeout=SOON_MS)
        assert await page.evaluate("window.shifted") == 0

        # A modality is left out for everybody, and taken in again.
        switch = tile(page, "Cleo").get_by_test_id("mute-text")
        await switch.click()
        await expect(switch).to_have_attribute("aria-pressed", "true", timeout=SOON_MS)
        await expect(tile(page, "Cleo")).to_contain_text("Left out")
        await switch.click()
        await expect(switch).to_have_attribute("aria-pressed", "false", timeout=SOON_MS)

        # The token and the notes stay with the tab.
        await page.reload()
        await expect(tile(page, "Ada")).to_be_visible(timeout=SOON_MS)
        for text in ("Bob", "Speaks of a loss.", stored):
            await expect(page.get_by_test_id("note")).to_contain_text(text)
        async with page.expect_download() as download:
            await page.get_by_test_id("export-json").click()
        saved = await (await download.value).path()
        assert "Speaks of a loss." in saved.read_text(encoding="utf-8")

        await ada.leave()
        await cleo.leave()
        closed = page.get_by_test_id("closed")
        await expect(closed).to_contain_text("Everybody has left", timeout=SOON_MS)
        await expect(page.get_by_test_id("note")).to_be_visible()


async def test_each_role_sees_its_view_and_nobody_else_sees_anything(chromium: str) -> None:
    refusals = r"status of (401|404)|Unexpected response code: 40[14]"
    async with (
        running_server() as server,
        aiohttp.ClientSession(server.url) as http,
        AsyncExitStack() as inside_now,
        open_page(chromium, server.url, expected=refusals) as page,
    ):
        await agree(page, ["text"])
        await reach(page, "live")
        async with page.context.expect_page() as opening:
            await page.get_by_role("button", name="Room view").click()
        room = await opening.value
        await expect(tile(room, "participant")).to_be_visible(timeout=SOON_MS)
        await room.close()

        await page.goto(f"{server.url}/room/ward")
        closed = page.get_by_test_id("closed")
        await expect(closed).to_contain_text("You are not let in", timeout=SOON_MS)
        assert await violations(page) == []

        names = ("Ada", "Bob", "Cleo")
        people = [await inside_now.enter_async_context(inside(http, name)) for name in names]
        await watch(page, http, people[0], "supervisor")
        await people[0].say(HAPPY)
        await expect(tile(page, "Ada")).to_contain_text("not known yet", timeout=SOON_MS)
        await expect(page.get_by_test_id("tile-label")).to_have_count(0)
        await expect(page.get_by_test_id("mute-text")).to_have_count(0)

        await watch(page, http, people[0], "observer")
        basis = page.get_by_test_id("basis")
        await expect(basis).to_contain_text("fewer than 3 people", timeout=SOON_MS)
        for person in people:
            await person.say(HAPPY)
        await expect(basis).to_have_text("Mean over 3 people", timeout=SOON_MS)
        await expect(page.get_by_test_id("tile")).to_have_count(0)
        await expect(page.get_by_text("Ada")).to_have_count(0)
        assert await violations(page) == []


async def alert_on(page: Page, expression: str, *, seconds: int) -> None:
    await page.get_by_test_id("edit-rules").click()
    await page.get_by_test_id("rule-measure").select_option(expression)
    await page.get_by_test_id("rule-seconds").fill(str(seconds))
    await page.get_by_test_id("rule-add").click()
    await expect(page.get_by_test_id("rule")).to_have_count(1)
    await page.get_by_test_id("rules-done").click()


async def write_note(page: Page, about: str, body: str) -> None:
    await page.get_by_test_id("note-about").select_option(label=about)
    await page.get_by_test_id("note-body").fill(body)
    await page.get_by_test_id("note-add").click()
