"""Pictures of every page, for the documentation: ``python -m tests.e2e.screenshots``.

Each page wide and light, and narrow and dark, as it is with the shipped clip as its camera.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import numpy as np
from PIL import Image
from playwright.async_api import FloatRect, Page

from tests.e2e.browser import NARROW, WIDE, fake_devices, open_page
from tests.e2e.test_room import alert_on, inside, watch, write_note
from tests.e2e.widget import MEDIA_MS, agree, explained, next_state
from tests.programs import program
from tests.serving import running_server

IMAGES = Path(__file__).parents[2] / "docs/images"
COLOURS = 256
OWN_COLOURS = 128
PORT = 8000
"""What the consent names is what readers will see."""

STATES = 20
"""So many states make a timeline."""


async def shoot(page: Page, name: str, *, theme: str, narrow: bool = False) -> None:
    """Keep the page as it is, from its top to its end."""
    await page.set_viewport_size(NARROW if narrow else WIDE)
    await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    await page.evaluate("scrollTo(0, 0)")
    picture = Image.open(BytesIO(await page.screenshot(full_page=True))).convert("RGB")
    video = page.locator("video")
    box = await video.bounding_box() if await video.count() else None
    small(picture, box).save(IMAGES / f"{name}.png", optimize=True)


def small(picture: Image.Image, photograph: FloatRect | None) -> Image.Image:
    """Return the picture with a palette, in a third of the bytes.

    A palette of the whole would go to the photograph. So the page's own colours, which lie in flat
    areas beside it, come first and stay as they are.
    """
    pixels = np.asarray(picture).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    flat = (pixels[1:, 1:] == pixels[:-1, 1:]) & (pixels[1:, 1:] == pixels[1:, :-1])
    if photograph:
        left, top = int(photograph["x"]), int(photograph["y"])
        right, bottom = left + int(photograph["width"]), top + int(photograph["height"])
        flat[top:bottom, left:right] = False
    colours, counts = np.unique(pixels[1:, 1:][flat], return_counts=True)
    own = colours[np.argsort(counts)[::-1][:OWN_COLOURS]]
    rest = picture.quantize(COLOURS - len(own)).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*own.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].ravel(), *rest])
    drawn = np.asarray(picture.quantize(palette=palette, dither=Image.Dither.NONE)).copy()
    for index, colour in enumerate(own):
        drawn[pixels == colour] = index
    reduced = Image.fromarray(drawn, "P")
    reduced.putpalette(palette.getpalette() or [])
    return reduced


async def both(page: Page, name: str) -> None:
    """Keep the page wide and light, and narrow and dark."""
    await shoot(page, name, theme="light")
    await shoot(page, f"{name}-narrow", theme="dark", narrow=True)
    await page.set_viewport_size(WIDE)


async def consent(page: Page) -> None:
    """What is asked before anything is measured."""
    await page.get_by_test_id("agree").and_(page.locator(":enabled")).wait_for()
    await both(page, "consent")


async def live(page: Page) -> None:
    """A session that has run for a while, and is recorded."""
    await page.get_by_test_id("keep").check()
    await agree(page)
    for _ in range(STATES):
        await next_state(page)
    await page.get_by_test_id("text-input").fill("I am so happy about this lovely surprise!")
    await page.get_by_test_id("text-send").click()
    await next_state(page, "state.fused && state.modalities.text")
    await both(page, "live")
    await shoot(page, "live-dark", theme="dark")
    await self_view(page)
    await page.get_by_test_id("end").click()
    await page.get_by_test_id("closing").wait_for()
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="Read the report").click()
    report = await opened.value
    await report.locator("canvas").first.wait_for(timeout=MEDIA_MS)
    await both(report, "report")


async def self_view(page: Page) -> None:
    """Keep the self-view with the parts of the face that count."""
    await page.get_by_text("Devices", exact=True).click()
    await page.get_by_test_id("layer-activation").check()
    await next_state(page)
    box = page.locator("esapr-widget .stage")
    picture = Image.open(BytesIO(await box.screenshot())).convert("RGB")
    picture.quantize(COLOURS).save(IMAGES / "activation.png", optimize=True)


async def analyze(page: Page) -> None:
    """The result of a video that was recorded in the page."""
    await page.get_by_test_id("way-video").set_checked(True, force=True)
    await agree(page, ["face", "voice"])
    await page.get_by_test_id("record").click()
    await page.get_by_test_id("start").click(timeout=MEDIA_MS)
    await page.get_by_text("0:10").wait_for()
    await page.get_by_test_id("stop").click()
    await page.get_by_test_id("analyse").click()
    await page.get_by_test_id("another").wait_for(timeout=MEDIA_MS)
    await both(page, "analyze")


async def embed_check(page: Page) -> None:
    """What is missing before the widget works, with a session."""
    await page.get_by_test_id("with-session").click()
    await page.get_by_test_id("media").wait_for(timeout=MEDIA_MS)
    await both(page, "embed-check")


async def room(page: Page, url: str) -> None:
    """A room of five, with an alert and a note; and where staff find it."""
    said = {
        "Ada": "This is wonderful, I am so happy to see you all!",
        "Bob": "I miss her so much, I cannot stop crying.",
        "Cleo": "What? You are here already? I did not expect that!",
        "Dan": "It is really enough, I am furious with them.",
        "Eva": "I will take the bus at nine.",
    }
    async with aiohttp.ClientSession(url) as http, AsyncExitStack() as stack:
        people = {name: await stack.enter_async_context(inside(http, name)) for name in said}
        await watch(page, http, people["Ada"], "clinician")
        await alert_on(page, "happy", seconds=2)
        for name, line in said.items():
            await people[name].say(line)
        await page.get_by_test_id("alert").wait_for(timeout=MEDIA_MS)
        await write_note(page, "Bob", "Speaks of a loss; ask about it next week.")
        await both(page, "room")
        await page.goto(f"{url}/staff")
        await page.get_by_test_id("sessions").wait_for(timeout=MEDIA_MS)
        await both(page, "staff")


async def blocked(page: Page) -> None:
    """A camera that stays closed."""
    await agree(page)
    await explained(page)
    await both(page, "blocked")


SCENES: tuple[tuple[str, Callable[[Page], Awaitable[None]]], ...] = (
    ("/", consent),
    ("/", live),
    ("/analyze", analyze),
    ("/embed-check", embed_check),
)


async def take_all(chromium: str, folder: Path) -> None:
    """Take every picture."""
    flags = fake_devices(folder).flags
    async with AsyncExitStack() as browser:
        async with running_server(port=PORT) as server:
            for path, scene in SCENES:
                async with open_page(chromium, server.url + path, *flags) as page:
                    await scene(page)
            async with open_page(chromium, f"{server.url}/healthz") as page:
                await room(page, server.url)
            async with open_page(chromium, server.url, "--deny-permission-prompts") as page:
                await blocked(page)
            page = await browser.enter_async_context(
                open_page(chromium, server.url, expected="ERR_CONNECTION_REFUSED")
            )
            await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        await page.reload()
        await page.get_by_test_id("offline").wait_for()
        await both(page, "offline")


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        asyncio.run(take_all(program("chromium", "chromium"), Path(temporary)))
