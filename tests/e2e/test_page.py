"""The page in a real browser, with a recorded face and voice as its camera and microphone."""

import itertools
import re
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import msgspec
import pytest
from playwright.async_api import Page, Response, expect
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.protocol.requests import SessionCredentials
from tests.e2e.browser import NARROW, WIDE, FakeDevices, open_page
from tests.e2e.widget import MEDIA_MS, TRACKS, agree, explained, next_state, reach
from tests.serving import running_server

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
SOME_WEIGHT = re.compile(r"^([1-9]\d?|100)%$")
# The page keeps its connection to itself.
KEEP_CONNECTION = """
const Native = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Native {
  constructor(...options) { super(...options); window.connection = this; }
};
"""
# Withdraws, and looks before anything else can happen.
WITHDRAW = """
() => {
  const widget = document.querySelector("esapr-widget");
  widget.shadowRoot.querySelector('[data-testid="revoke"]').click();
  const tracks = window.opened.filter(Boolean).flatMap((stream) => stream.getTracks());
  const sent = window.connection.getSenders().map(({ track }) => track);
  return [
    window.connection.connectionState,
    ...[...tracks, ...sent].map((track) => track?.readyState),
  ];
}
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

# A map of the activation is drawn: a good part of the canvas is amber, the rest is clear.
WARM_PIXELS = """
() => {
  const canvas = document.querySelector("esapr-widget").shadowRoot.querySelector("canvas");
  if (canvas.width === 0) return false;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let warm = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] > 0 && data[at] > data[at + 2] + 60) warm += 1;
  }
  return warm > 0.02 * (data.length / 4) && warm < 0.8 * (data.length / 4);
}
"""

pytestmark = [pytest.mark.real_time, pytest.mark.browser]


async def take_screenshots(page: Page, name: str) -> None:
    """Keep the page in both themes, wide and narrow; it never scrolls sideways."""
    for suffix, viewport in (("", WIDE), ("-narrow", NARROW)):
        await page.set_viewport_size(viewport)
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            await page.evaluate("scrollTo(0, 0)")
            path = SCREENSHOTS / f"{name}{suffix}-{theme}.png"
            await page.screenshot(path=path, full_page=viewport is NARROW)
        assert await page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    await page.set_viewport_size(WIDE)


async def test_face_voice_and_text_reach_the_page(chromium: str, devices: FakeDevices) -> None:
    async with running_server() as server, open_page(chromium, server.url, *devices.flags) as page:
        await take_screenshots(page, "consent")
        await agree(page)
        for modality in ("face", "voice"):
            weight = page.get_by_test_id(f"{modality}-weight")
            await expect(weight).to_have_text(SOME_WEIGHT, timeout=MEDIA_MS)
        await next_state(page, "state.fused")
        await expect(page.get_by_test_id("state-label")).to_have_text("happy", ignore_case=True)
        await expect(page.get_by_test_id("phase")).to_have_text("Measuring")
        await expect(page.get_by_test_id("gaze")).to_have_text("on the camera", timeout=MEDIA_MS)

        await page.evaluate("window.shifted = 0")
        seqs = [(await next_state(page))["seq"] for _ in range(3)]
        await page.get_by_test_id("text-input").fill("What a lovely surprise!")
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("text-weight")).to_have_text(SOME_WEIGHT, timeout=10_000)
        shifted = await page.evaluate("window.shifted")
        await take_screenshots(page, "live")

        await page.get_by_text("Devices", exact=True).click()
        await page.get_by_test_id("layer-face").uncheck()
        await page.get_by_test_id("layer-activation").check()
        await page.wait_for_function(WARM_PIXELS, timeout=MEDIA_MS)

        await page.get_by_test_id("revoke").click()
        await expect(page.get_by_test_id("closing")).to_contain_text("Consent withdrawn")
        assert set(await page.evaluate(TRACKS)) == {"ended"}
        ended = await page.evaluate("heard.find(({ name }) => name === 'ended').detail")
        await take_screenshots(page, "ended")

    assert seqs == sorted(set(seqs))
    assert shifted < 0.01
    assert (ended["reason"], ended["totals"]["lines"]) == ("revoked", 1)


async def test_who_refuses_is_asked_for_no_device(chromium: str, devices: FakeDevices) -> None:
    async with running_server() as server, open_page(chromium, server.url, *devices.flags) as page:
        await expect(page.get_by_test_id("notice")).to_contain_text("With your consent")
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        for choice in ("use-face", "use-voice", "use-text", "keep"):
            await expect(page.get_by_test_id(choice)).not_to_be_checked()
        # Agreeing to nothing is no consent.
        await page.get_by_test_id("agree").click()
        await expect(page.get_by_text("Choose at least one.")).to_be_visible()

        await page.get_by_test_id("refuse").click()
        await expect(page.get_by_test_id("closing")).to_contain_text("Nothing is measured")
        await take_screenshots(page, "refused")
        heard = await page.evaluate("heard.filter(({ name }) => name === 'consent')")
        assert [each["detail"]["given"] for each in heard] == [False]
        assert await page.evaluate("opened") == []
        assert [url for url in requests if "/v1/" in url and "/v1/notice" not in url] == []


async def test_states_are_kept_for_a_report_only_where_that_is_ticked(
    chromium: str, devices: FakeDevices
) -> None:
    async with running_server() as server, open_page(chromium, server.url, *devices.flags) as page:
        for keep, covered in ((False, None), (True, ["records"])):
            await page.get_by_test_id("keep").set_checked(keep)
            async with page.expect_response("**/v1/demo/sessions") as opening:
                await agree(page, ["text"])
            opened = await opening.value
            assert opened.request.post_data_json["consent"].get("covers") == covered
            await next_state(page)
            await page.get_by_test_id("end").click()
            await reach(page, "ended")
            await page.get_by_test_id("again").click()


async def test_a_pause_closes_the_devices(chromium: str, devices: FakeDevices) -> None:
    async with running_server() as server, open_page(chromium, server.url, *devices.flags) as page:
        await agree(page, ["face", "voice"])
        before = await next_state(page, "state.modalities.face")
        await page.get_by_test_id("pause").click()
        await reach(page, "paused")
        assert set(await page.evaluate(TRACKS)) == {"ended"}
        await take_screenshots(page, "paused")

        await page.get_by_test_id("resume").click()
        after = await next_state(page, "state.modalities.face?.age_ms < 1000")

    assert after["session"] == before["session"]
    assert after["seq"] > before["seq"]  # type: ignore[operator]


async def test_a_server_that_restarts_leaves_a_hole_no_longer_than_that(
    chromium: str, devices: FakeDevices
) -> None:
    async with AsyncExitStack() as browser:
        async with running_server() as server:
            port = server.port
            page = await browser.enter_async_context(
                open_page(chromium, server.url, *devices.flags, expected="ERR_CONNECTION_REFUSED")
            )
            await agree(page)
            before = await next_state(page, "state.modalities.face")
        await reach(page, "reconnecting")
        async with running_server(port=port):
            after = await next_state(page, "state.modalities.face")
            times = await page.evaluate("document.querySelector('esapr-live').columns[0]")
            phases = await page.evaluate("heard.filter(({ name }) => name === 'phase')")

    assert after["session"] != before["session"]
    assert [each["detail"] for each in phases[-3:]] == ["live", "reconnecting", "live"]
    lost, found = (each["at"] for each in phases[-2:])
    holes = [later - earlier for earlier, later in itertools.pairwise(times)]
    # A state comes each second; one was under way when the server went, one begins when it is back.
    assert max(holes) <= found - lost + 2.5
    assert sorted(times) == times


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
        async with (
            page.expect_response("**/v1/demo/sessions") as opened,
            page.expect_request("**/whip") as pushed,
        ):
            await agree(page)
        body = await (await opened.value).body()
        # The page has redeemed the token with a secret of its own.
        token = (await (await pushed.value).header_value("Authorization") or "").split()[-1]
        credentials = msgspec.structs.replace(
            msgspec.json.decode(body, type=SessionCredentials), client_token=token
        )
        before = await next_state(page, "state.modalities.face")

        # Another push takes the session's place: the page's connection is gone.
        gateway = Gateway(http, URL(server.url))
        async with (
            page.expect_response(
                lambda found: found.request.method == "POST" and "/whip" in found.url,
                timeout=MEDIA_MS,
            ),
            gateway.push(credentials) as exchange,
            Peer(encode_clip(PORTRAIT), loopback=True) as other,
        ):
            await other.connect(exchange)
        states = [await next_state(page) for _ in range(6)]
        await next_state(page, "state.modalities.face?.age_ms < 1000")
        assert "esapr_peers 1.0" in server.metrics.text().decode()

    seqs = [state["seq"] for state in (before, *states)]
    assert seqs == sorted(set(seqs))
    assert posts == [201, 201]
    assert set(patches) == {204}


async def test_a_refused_camera_is_explained(chromium: str) -> None:
    async with (
        running_server() as server,
        open_page(chromium, server.url, "--deny-permission-prompts") as page,
    ):
        await agree(page)

        assert await explained(page) == "permission_denied"
        await take_screenshots(page, "blocked")
        # What needs no device goes on without them.
        await page.get_by_test_id("leave-out").click()
        await reach(page, "live")
        await page.get_by_test_id("text-input").fill("What a lovely surprise!")
        await page.keyboard.press("Enter")
        await next_state(page, "state.modalities.text")


async def test_the_browser_sends_what_it_is_asked_for_and_nothing_after_a_withdrawal(
    chromium: str, devices: FakeDevices
) -> None:
    async with running_server() as server, open_page(chromium, server.url, *devices.flags) as page:
        await page.add_init_script(KEEP_CONNECTION)
        await page.reload()
        await agree(page)
        await next_state(page, "state.modalities.face")
        sent = await page.evaluate(SENT_IN_SIX_SECONDS)
        connection, *tracks = await page.evaluate(WITHDRAW)

    assert (connection, set(tracks)) == ("closed", {"ended"})
    assert 5 <= sent["audio"]["packets"] / 6 <= 18
    assert sent["video"]["kbits"] / 6 <= 550
    assert sent["video"]["packets"] / 6 <= 75
