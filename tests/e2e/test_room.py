"""The page of a room in a real browser; the people in it are partners that send text."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
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
STORED = "Stored with the session"

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


async def test_a_room_as_each_role_sees_it(chromium: str) -> None:
    async with (
        running_server() as server,
        aiohttp.ClientSession(server.url) as http,
        inside(http, "Ada") as ada,
        inside(http, "Bob") as bob,
        AsyncExitStack() as later,
        open_page(
            chromium, server.url, expected="status of 401|HTTP Authentication failed"
        ) as page,
    ):
        await the_live_page_leads_to_its_room(page)
        await at_the_servers_own_machine_no_token_is_needed(page, server.url)
        await watch(page, http, ada, "clinician")
        await a_clinician_follows(page, ada, bob)
        await alerts_and_notes_are_there_after_a_reload(page)
        await page.evaluate("window.shifted = 0")
        cleo = await later.enter_async_context(inside(http, "Cleo"))
        await people_come_and_go_and_nothing_moves(page, bob)
        await a_modality_is_left_out_and_taken_in_again(page, "Cleo")
        dora = await later.enter_async_context(inside(http, "Dora"))
        await watch(page, http, ada, "supervisor")
        await a_supervisor_sees_directions(page)
        await watch(page, http, ada, "observer")
        await an_observer_sees_the_mean_of_three(page, ada, cleo, dora)
        await a_wrong_token_lets_nobody_in(page, server.url)
        await watch(page, http, ada, "clinician")
        for person in (ada, cleo, dora):
            await person.leave()
        closed = page.get_by_test_id("closed")
        await expect(closed).to_contain_text("Everybody has left", timeout=SOON_MS)
        await expect(page.get_by_test_id("note")).to_be_visible()


async def the_live_page_leads_to_its_room(page: Page) -> None:
    await agree(page, ["text"])
    await reach(page, "live")
    async with page.context.expect_page() as opening:
        await page.get_by_role("button", name="Room view").click()
    room = await opening.value
    await expect(tile(room, "participant")).to_be_visible(timeout=SOON_MS)
    await room.close()


async def at_the_servers_own_machine_no_token_is_needed(page: Page, server: str) -> None:
    await page.goto(f"{server}/room/ward")
    await expect(tile(page, "Ada")).to_be_visible(timeout=SOON_MS)


async def a_clinician_follows(page: Page, ada: Person, bob: Person) -> None:
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
    await expect(page.get_by_test_id("note")).to_contain_text(STORED, timeout=SOON_MS)
    assert await violations(page) == []
    await take_screenshots(page, "room")


async def alerts_and_notes_are_there_after_a_reload(page: Page) -> None:
    await page.reload()
    await expect(tile(page, "Ada")).to_be_visible(timeout=SOON_MS)
    for text in ("Bob", "Speaks of a loss.", STORED):
        await expect(page.get_by_test_id("note")).to_contain_text(text)
    async with page.expect_download() as download:
        await page.get_by_test_id("export-json").click()
    saved = await (await download.value).path()
    assert "Speaks of a loss." in saved.read_text(encoding="utf-8")


async def people_come_and_go_and_nothing_moves(page: Page, bob: Person) -> None:
    await expect(tile(page, "Cleo")).to_be_visible(timeout=SOON_MS)
    await bob.leave()
    await expect(tile(page, "Bob")).to_contain_text("Has left", timeout=SOON_MS)
    assert await page.evaluate("window.shifted") == 0


async def a_modality_is_left_out_and_taken_in_again(page: Page, name: str) -> None:
    switch = tile(page, name).get_by_test_id("mute-text")
    await switch.click()
    await expect(switch).to_have_attribute("aria-pressed", "true", timeout=SOON_MS)
    await expect(tile(page, name)).to_contain_text("Left out")
    await switch.click()
    await expect(switch).to_have_attribute("aria-pressed", "false", timeout=SOON_MS)


async def a_supervisor_sees_directions(page: Page) -> None:
    await expect(tile(page, "Dora")).to_contain_text("not known yet", timeout=SOON_MS)
    await expect(page.get_by_test_id("tile-label")).to_have_count(0)
    await expect(page.get_by_test_id("mute-text")).to_have_count(0)


async def an_observer_sees_the_mean_of_three(page: Page, *people: Person) -> None:
    basis = page.get_by_test_id("basis")
    await expect(basis).to_contain_text("fewer than 3 people", timeout=SOON_MS)
    for person in people:
        await person.say(HAPPY)
    await expect(basis).to_have_text("Mean over 3 people", timeout=SOON_MS)
    await expect(page.get_by_test_id("tile")).to_have_count(0)
    await expect(page.locator("esapr-room").get_by_text("Dora")).to_have_count(0)
    assert await violations(page) == []


async def a_wrong_token_lets_nobody_in(page: Page, server: str) -> None:
    await page.goto("about:blank")
    await page.goto(f"{server}/room/ward#token=wrong")
    closed = page.get_by_test_id("closed")
    await expect(closed).to_contain_text("You are not let in", timeout=SOON_MS)
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
