"""The page in a real browser, with a recorded face and voice as its camera and microphone."""

import re
from pathlib import Path

import aiohttp
import msgspec
import pytest
from playwright.async_api import Page, Response, ViewportSize, expect
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.protocol.requests import SessionCredentials
from tests.e2e.browser import WIDE, FakeDevices, open_page
from tests.serving import running_server

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
NARROW: ViewportSize = {"width": 390, "height": 844}
FIRST_STATE_MS = 60_000
SOME_WEIGHT = re.compile(r"^([1-9]\d?|100)%$")
# The page keeps its connection to itself.
KEEP_CONNECTION = """
const Native = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Native {
  constructor(...options) { super(...options); window.connection = this; }
};
"""
SENT_IN_SIX_SECONDS = """
async () => {
  const read = async () => {
    const all = [...(await window.connection.getStats()).values()];
    return all.filter((stat) => stat.type === "outbound-rtp");
  };
  const before = await read();
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const sent = {};
  for (const now of await read()) {
    const then = before.find((stat) => stat.id === now.id);
    sent[now.kind] = {
      packets: now.packetsSent - then.packetsSent,
      kbits: ((now.bytesSent - then.bytesSent) * 8) / 1000,
    };
  }
  return sent;
}
"""

pytestmark = [pytest.mark.real_time, pytest.mark.browser]


async def begin(page: Page) -> None:
    await expect(page.get_by_test_id("start")).to_be_disabled()
    await page.get_by_test_id("consent-accept").check()
    await page.get_by_test_id("start").click()


async def take_screenshots(page: Page) -> None:
    for name, viewport in (("page", WIDE), ("page-narrow", NARROW)):
        await page.set_viewport_size(viewport)
        for suffix, scheme in (("", "light"), ("-dark", "dark")):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            path = SCREENSHOTS / f"{name}{suffix}.png"
            await page.screenshot(path=path, full_page=viewport is NARROW)
        assert await page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


async def wait_for_next_state(page: Page) -> int:
    seq = page.get_by_test_id("seq")
    before = await seq.inner_text()
    await expect(seq).not_to_have_text(before, timeout=10_000)
    return int(await seq.inner_text())


async def test_face_voice_and_text_reach_the_page(chromium: str, devices: FakeDevices) -> None:
    async with running_server() as server, open_page(chromium, server.url, *devices.flags) as page:
        await begin(page)
        for modality in ("face", "voice"):
            weight = page.get_by_test_id(f"{modality}-weight")
            await expect(weight).to_have_text(SOME_WEIGHT, timeout=FIRST_STATE_MS)
        label = page.get_by_test_id("state-label")
        await expect(label).not_to_contain_text("no expression", timeout=FIRST_STATE_MS)
        await expect(page.get_by_test_id("connection")).to_have_text("Live")

        await page.evaluate("window.shifted = 0")
        seqs = [await wait_for_next_state(page) for _ in range(3)]
        await page.get_by_test_id("text-input").fill("What a lovely surprise!")
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("text-weight")).to_have_text(SOME_WEIGHT, timeout=10_000)
        shifted = await page.evaluate("window.shifted")
        await take_screenshots(page)

        await page.get_by_test_id("withdraw").click()
        await expect(page.get_by_test_id("ended")).to_contain_text("Consent withdrawn")
        await expect(page.get_by_test_id("start")).to_be_disabled()
        await expect(page.get_by_test_id("alert")).to_be_hidden()

    assert seqs == sorted(set(seqs))
    assert shifted < 0.01


async def test_media_comes_back_after_its_connection_was_lost(
    chromium: str, devices: FakeDevices
) -> None:
    posts: list[int] = []
    patches: list[int] = []

    def note(response: Response) -> None:
        if "/whip" in response.url:
            statuses = {"POST": posts, "PATCH": patches}.get(response.request.method)
            if statuses is not None:
                statuses.append(response.status)

    async with (
        running_server() as server,
        open_page(chromium, server.url, *devices.flags) as page,
        aiohttp.ClientSession() as http,
    ):
        page.on("response", note)
        async with page.expect_response("**/v1/demo/sessions") as opened:
            await begin(page)
        body = await (await opened.value).body()
        credentials = msgspec.json.decode(body, type=SessionCredentials)
        weight = page.get_by_test_id("face-weight")
        await expect(weight).to_have_text(SOME_WEIGHT, timeout=FIRST_STATE_MS)
        before = await wait_for_next_state(page)

        # Another push takes the session's place: the page's connection is gone.
        gateway = Gateway(http, URL(server.url))
        async with (
            page.expect_response(
                lambda found: found.request.method == "POST" and "/whip" in found.url,
                timeout=FIRST_STATE_MS,
            ),
            gateway.push(credentials) as exchange,
            Peer(encode_clip(PORTRAIT), loopback=True) as other,
        ):
            await other.connect(exchange)
        seqs = [await wait_for_next_state(page) for _ in range(6)]
        await expect(weight).to_have_text(SOME_WEIGHT, timeout=FIRST_STATE_MS)
        assert "esapr_peers 1.0" in server.metrics.text().decode()

    assert seqs == sorted(set(seqs))
    assert seqs[0] > before
    assert posts == [201, 201]
    assert set(patches) == {204}


async def test_a_refused_camera_is_explained(chromium: str) -> None:
    async with (
        running_server() as server,
        open_page(chromium, server.url, "--deny-permission-prompts") as page,
    ):
        await begin(page)

        await expect(page.get_by_test_id("alert")).to_contain_text("permission_denied")
        await expect(page.get_by_test_id("start")).to_be_enabled()


async def test_the_browser_sends_no_more_than_it_is_asked_for(
    chromium: str, devices: FakeDevices
) -> None:
    async with running_server() as server, open_page(chromium, server.url, *devices.flags) as page:
        await page.add_init_script(KEEP_CONNECTION)
        await page.reload()
        await begin(page)
        await expect(page.get_by_test_id("face-weight")).to_have_text(
            SOME_WEIGHT, timeout=FIRST_STATE_MS
        )
        sent = await page.evaluate(SENT_IN_SIX_SECONDS)

    assert 5 <= sent["audio"]["packets"] / 6 <= 18
    assert sent["video"]["kbits"] / 6 <= 550
    assert sent["video"]["packets"] / 6 <= 75
