"""The page in a real browser, with a recorded face and voice as its camera and microphone."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from playwright.async_api import Page, ViewportSize, async_playwright, expect

from esapr.web_client import STATIC
from tests.serving import running_server

ROOT = Path(__file__).parents[2]
CLIP = ROOT / "load_tests" / "clips" / "portrait.webm"
SCREENSHOTS = ROOT / "build" / "screenshots"
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 390, "height": 844}
FIRST_STATE_MS = 60_000
SOME_WEIGHT = re.compile(r"^([1-9]\d?|100)%$")
FAKE_DEVICES = ("--use-fake-device-for-media-stream",)
# A closed network refuses Chromium's own calls, many at a time.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Adds up how far anything on the page moves without being asked to.
WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
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


@dataclass(frozen=True)
class FakeDevices:
    """Files that Chromium plays as a camera (MJPEG) and a microphone (WAV)."""

    camera: Path
    microphone: Path


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    page = STATIC / "index.html"
    missing = [] if found else ["chromium (apt-get install chromium)"]
    missing += [] if page.is_file() else ["the page (npm ci && npm run build in web_client/)"]
    if missing and os.environ.get("CI"):
        pytest.fail(f"missing: {', '.join(missing)}")
    if missing or found is None:
        pytest.skip(f"missing: {', '.join(missing)}")
    return found


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> FakeDevices:
    folder = tmp_path_factory.mktemp("devices")
    made = FakeDevices(folder / "camera.mjpeg", folder / "microphone.wav")
    with av.open(str(CLIP)) as clip, av.open(str(made.camera), "w", format="mjpeg") as out:
        source = clip.streams.video[0]
        camera = out.add_stream("mjpeg", rate=source.average_rate)
        camera.width, camera.height, camera.pix_fmt = source.width, source.height, "yuvj420p"
        for picture in clip.decode(video=0):
            out.mux(camera.encode(picture.reformat(format="yuvj420p")))
        out.mux(camera.encode(None))
    with av.open(str(CLIP)) as clip, av.open(str(made.microphone), "w") as out:
        microphone = out.add_stream("pcm_s16le", rate=48_000, layout="mono")
        resampler = av.AudioResampler("s16", "mono", 48_000)
        for sound in clip.decode(audio=0):
            for piece in resampler.resample(sound):
                out.mux(microphone.encode(piece))
        out.mux(microphone.encode(None))
    return made


@asynccontextmanager
async def open_page(chromium: str, address: str, *flags: str) -> AsyncIterator[Page]:
    """Open the page; what it throws or logs as an error fails the test."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=[*FAKE_DEVICES, *QUIET, *flags]
        )
        page = await browser.new_page(viewport=WIDE, color_scheme="light")
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type == "error" else None,
        )
        await page.add_init_script(WATCH_SHIFTS)
        await page.goto(address)
        yield page
        await browser.close()
    assert complaints == []


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
    flags = (
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={devices.camera}",
        f"--use-file-for-fake-audio-capture={devices.microphone}",
    )
    async with running_server() as server, open_page(chromium, server.url, *flags) as page:
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
    flags = (
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={devices.camera}",
        f"--use-file-for-fake-audio-capture={devices.microphone}",
    )
    async with running_server() as server, open_page(chromium, server.url, *flags) as page:
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
