"""A real browser with a recorded face and voice as its camera and microphone."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from playwright.async_api import Page, ViewportSize, async_playwright

from esapr.load_tests import PORTRAIT
from tests.e2e.widget import RECORD

WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 390, "height": 844}
DESK: Mapping[str, object] = {"viewport": WIDE}
PHONE: Mapping[str, object] = {"viewport": NARROW, "is_mobile": True, "has_touch": True}
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


@dataclass(frozen=True)
class FakeDevices:
    """Files that Chromium plays as a camera (MJPEG) and a microphone (WAV)."""

    camera: Path
    microphone: Path

    @property
    def flags(self) -> tuple[str, ...]:
        """Chromium's options that open them without asking."""
        return (
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={self.camera}",
            f"--use-file-for-fake-audio-capture={self.microphone}",
        )


def fake_devices(folder: Path) -> FakeDevices:
    """Make the files in ``folder``, of the clip that is shipped."""
    made = FakeDevices(folder / "camera.mjpeg", folder / "microphone.wav")
    with av.open(str(PORTRAIT)) as clip, av.open(str(made.camera), "w", format="mjpeg") as out:
        source = clip.streams.video[0]
        camera = out.add_stream("mjpeg", rate=source.average_rate)
        camera.width, camera.height, camera.pix_fmt = source.width, source.height, "yuvj420p"
        for picture in clip.decode(video=0):
            out.mux(camera.encode(picture.reformat(format="yuvj420p")))
        out.mux(camera.encode(None))
    with av.open(str(PORTRAIT)) as clip, av.open(str(made.microphone), "w") as out:
        microphone = out.add_stream("pcm_s16le", rate=48_000, layout="mono")
        resampler = av.AudioResampler("s16", "mono", 48_000)
        for sound in clip.decode(audio=0):
            for piece in resampler.resample(sound):
                out.mux(microphone.encode(piece))
        out.mux(microphone.encode(None))
    return made


@asynccontextmanager
async def open_page(
    chromium: str,
    address: str,
    *flags: str,
    expected: str = "",
    device: Mapping[str, object] = DESK,
) -> AsyncIterator[Page]:
    """Open the page; what it throws or logs as an error fails the test.

    ``expected`` is a pattern of the errors that the test provokes, ``device`` what the page is
    looked at with.
    """
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=[*FAKE_DEVICES, *QUIET, *flags]
        )
        page = await browser.new_page(color_scheme="light", **device)  # type: ignore[arg-type]
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type == "error" else None,
        )
        await page.add_init_script(WATCH_SHIFTS)
        await page.add_init_script(RECORD)
        await page.goto(address)
        yield page
        await browser.close()
    provoked = re.compile(expected or "^$")
    unexpected = [line for line in complaints if not provoked.search(line)]
    assert not unexpected, unexpected
