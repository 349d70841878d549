"""WCAG 2.2 AA on every view, by axe-core; and the page by keyboard alone."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from esapr.load_tests.reports.html import html
from tests.e2e.browser import NARROW, WIDE, FakeDevices, open_page
from tests.e2e.widget import agree, explained, next_state, reach
from tests.load_tests.reports.runs import run
from tests.programs import missing
from tests.serving import running_server

AXE = Path(__file__).parents[2] / "web_client/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FIND = """
async (rules) => {
  const { violations } = await axe.run({ runOnly: rules });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
"""

pytestmark = [pytest.mark.real_time, pytest.mark.browser]


async def violations(page: Page) -> list[str]:
    """Return what axe finds, in both themes and on a telephone."""
    if not AXE.is_file():
        missing("axe-core (npm ci in web_client/)")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = []
    for viewport in (NARROW, WIDE):
        await page.set_viewport_size(viewport)
        await page.emulate_media(color_scheme="dark")
        found += await page.evaluate(FIND, RULES)
        await page.emulate_media(color_scheme="light")
        found += await page.evaluate(FIND, RULES)
    return found


async def test_every_view_of_the_page(chromium: str, devices: FakeDevices) -> None:
    async with running_server() as server, open_page(chromium, server.url, *devices.flags) as page:
        assert await violations(page) == []
        await page.get_by_test_id("refuse").click()
        await reach(page, "refused")
        assert await violations(page) == []
        await page.get_by_test_id("again").click()
        await agree(page)
        await next_state(page, "state.fused")
        for summary in await page.locator("summary").all():
            await summary.click()
        assert await violations(page) == []
        await page.get_by_test_id("pause").click()
        await reach(page, "paused")
        assert await violations(page) == []
        await page.get_by_test_id("end").click()
        await reach(page, "ended")
        assert await violations(page) == []


async def test_an_explanation_and_the_check(chromium: str) -> None:
    flags = ("--deny-permission-prompts",)
    async with running_server() as server, open_page(chromium, server.url, *flags) as page:
        await agree(page)
        await explained(page)
        assert await violations(page) == []
        await page.goto(f"{server.url}/analyze")
        await page.get_by_test_id("way-video").set_checked(True, force=True)
        await agree(page, ["face"])
        await page.get_by_test_id("record").click()
        assert await explained(page) == "permission_denied"
        await page.goto(f"{server.url}/embed-check")
        await page.get_by_test_id("clock").wait_for()
        assert await violations(page) == []


async def test_the_page_of_a_load_test(chromium: str, tmp_path: Path) -> None:
    file = tmp_path / "run.html"
    file.write_text(html(run(), beside=run()), encoding="utf-8")

    async with open_page(chromium, file.as_uri()) as page:
        for summary in await page.locator("summary").all():
            await summary.click()
        assert await violations(page) == []
        await page.set_viewport_size(NARROW)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width == NARROW["width"]


async def test_by_keyboard_alone(chromium: str, devices: FakeDevices) -> None:
    async with running_server() as server, open_page(chromium, server.url, *devices.flags) as page:
        # The ways to other pages come first.
        await page.keyboard.press("Tab")
        await expect(page.locator("esapr-nav a").first).to_be_focused()
        await page.locator("esapr-nav a").last.focus()
        for _ in range(3):
            await page.keyboard.press("Tab")
            await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await expect(page.get_by_test_id("keep")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await next_state(page, "state.modalities.face")
        # Who has just agreed stands before the ways to stop.
        await page.keyboard.press("Tab")
        await expect(page.get_by_test_id("pause")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await reach(page, "ended")
        await expect(page.get_by_role("heading", name="The session has ended")).to_be_focused()


async def test_from_right_to_left_in_german_and_without_motion(
    chromium: str, devices: FakeDevices
) -> None:
    async with running_server() as server, open_page(chromium, server.url, *devices.flags) as page:
        await page.emulate_media(reduced_motion="reduce")
        await page.evaluate("document.documentElement.lang = 'de'")
        await page.evaluate("document.documentElement.dir = 'rtl'")
        await page.get_by_test_id("refuse").click()
        await expect(page.get_by_test_id("closing")).to_contain_text("Es wird nichts gemessen")
        await page.get_by_test_id("again").click()
        await agree(page)
        await next_state(page, "state.fused")
        await expect(page.get_by_test_id("state-label")).to_have_text("Freude")
        for viewport in (NARROW, WIDE):
            await page.set_viewport_size(viewport)
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width == viewport["width"]
        # A bar grows from where its line begins.
        origin = await page.locator("esapr-live .bar").first.evaluate(
            "(bar) => parseFloat(getComputedStyle(bar).transformOrigin) / bar.offsetWidth"
        )
        moving = await page.locator("esapr-live .bar").first.evaluate(
            "(bar) => getComputedStyle(bar).transitionDuration"
        )
    assert (origin, moving) == (1, "0s")
