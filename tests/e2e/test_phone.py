"""The pages on a telephone: by touch, with its keyboard up, installed, and without a network."""

from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import NARROW, PHONE, FakeDevices, open_page
from tests.e2e.test_accessibility import violations
from tests.e2e.widget import agree, next_state
from tests.serving import running_server

# What is pressed by a finger is at least so large (CSS pixels).
FINGER = 44
# As much as a keyboard leaves.
ABOVE_KEYBOARD = 440
# Everything that can be pressed, in shadow roots too; what a label stands for is as large as that.
SMALL = """
(least) => {
  const found = [];
  const look = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.shadowRoot) look(each.shadowRoot);
      if (!each.matches("a, button, select, summary, input, textarea")) continue;
      const target = each.closest("label") ?? each;
      const { width, height } = target.getBoundingClientRect();
      if (width > 0 && Math.min(width, height) < least) found.push(target.outerHTML);
    }
  };
  look(document);
  return found;
}
"""
OPENED = "opened.filter(Boolean).flatMap((s) => s.getTracks()).map(({ kind }) => kind)"
KEPT = """
async () => (await (await caches.open("offline")).keys()).map(({ url }) => new URL(url).pathname)
"""
IN_SIGHT = """
(button) => {
  const { top, bottom } = button.getBoundingClientRect();
  return top >= 0 && bottom <= visualViewport.height;
}
"""

pytestmark = [pytest.mark.real_time, pytest.mark.browser]


async def fits(page: Page) -> None:
    """Check that a finger can press everything, and that nothing lies beside the screen."""
    assert await page.evaluate(SMALL, FINGER) == []
    assert await page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


async def test_by_touch_installed_and_without_a_network(
    chromium: str, devices: FakeDevices
) -> None:
    gone = "ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET"
    async with AsyncExitStack() as browser:
        async with running_server() as server:
            page = await browser.enter_async_context(
                open_page(chromium, server.url, *devices.flags, expected=gone, device=PHONE)
            )
            await page.get_by_test_id("agree").and_(page.locator(":enabled")).wait_for()
            await fits(page)
            await agree(page, ["voice", "text"])
            await next_state(page)
            # Who leaves the face out has audio only: the camera stays closed.
            assert await page.evaluate(OPENED) == ["audio"]
            await fits(page)

            line, send = page.get_by_test_id("text-input"), page.get_by_test_id("text-send")
            await line.tap()
            await page.set_viewport_size({**NARROW, "height": ABOVE_KEYBOARD})
            button = await send.element_handle()
            assert button
            await page.wait_for_function(IN_SIGHT, arg=button)
            await line.fill("What a lovely surprise!")
            await send.tap()
            await next_state(page, "state.modalities.text")
            await page.set_viewport_size(NARROW)
            await page.get_by_test_id("end").tap()

            for path, element in (("/analyze", "esapr-analyze"), ("/embed-check", "li")):
                await page.get_by_role("link").and_(page.locator(f'[href="{path}"]')).tap()
                await page.locator(element).first.wait_for()
                await fits(page)
            await page.goto(server.url)
            await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
            devtools = await page.context.new_cdp_session(page)
            answer = await devtools.send("Page.getInstallabilityErrors")
            kept = await page.evaluate(KEPT)

        await page.reload()
        await expect(page.get_by_test_id("offline")).to_contain_text("cannot be reached")
        await fits(page)
        assert await violations(page) == []

    # The browser of a test keeps nothing of what it installs.
    assert [error["errorId"] for error in answer["installabilityErrors"]] == ["in-incognito"]
    assert len(kept) > 3
    assert [path for path in kept if not path.startswith("/assets/")] == ["/offline"]
