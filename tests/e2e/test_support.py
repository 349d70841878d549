"""Help lines and recommendations in a real browser: one session, one page."""

from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, expect

from esapr.protocol import limits
from tests.e2e.browser import NARROW, WIDE, open_page
from tests.e2e.test_accessibility import violations
from tests.e2e.widget import agree, next_state, reach
from tests.serving import running_server

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
WORDS = "I am so sad, I keep crying, I want to kill myself."

pytestmark = [pytest.mark.real_time, pytest.mark.browser]


async def shoot(page: Page, name: str, *, whole: bool) -> None:
    """Keep the page, wide and light, narrow and dark; it never scrolls sideways."""
    for suffix, viewport, theme in (("-narrow", NARROW, "dark"), ("", WIDE, "light")):
        await page.set_viewport_size(viewport)
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        await page.screenshot(path=SCREENSHOTS / f"{name}{suffix}.png", full_page=whole)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width == viewport["width"]


async def test_who_writes_of_self_harm_and_agrees_to_recommendations(
    chromium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RECOMMENDATION_SECONDS", 0.5)
    async with (
        running_server(catalogue="shipped") as server,
        open_page(chromium, server.url) as page,
    ):
        await page.get_by_test_id("cover-recommendations").check()
        await agree(page, ("text",))
        await reach(page, "live")
        await page.get_by_test_id("text-input").fill(WORDS)
        await page.get_by_test_id("text-send").click()

        support = page.get_by_test_id("support")
        await expect(support).to_contain_text("Find A Helpline")
        await expect(support).to_be_in_viewport()
        assert await violations(page) == []
        await shoot(page, "support", whole=False)
        await page.get_by_test_id("support-hide").click()
        await expect(support).to_have_count(0)
        for _ in range(2):
            # A line is evidence for some seconds.
            await page.get_by_test_id("text-input").fill("I am so sad.")
            await page.get_by_test_id("text-send").click()
            await next_state(page, "state.fused")
        await page.get_by_test_id("end").click()
        await reach(page, "ended")

        entries = page.get_by_test_id("recommendation")
        await expect(entries.first).to_be_visible()
        first = page.locator("esapr-recommendations .card > *:not(h2):not(.unseen)").first
        await expect(first).to_contain_text("Find A Helpline")
        await expect(page.get_by_test_id("basis")).to_contain_text("valence \u22120.")
        await entries.first.locator("summary").last.click()
        await expect(entries.first).to_contain_text("it fits the mean of what was shown")
        assert await violations(page) == []
        await shoot(page, "recommendations", whole=True)

        second = await entries.nth(1).get_attribute("data-id")
        await entries.nth(1).get_by_test_id("liked").click()
        await expect(entries.nth(1).get_by_test_id("liked")).to_have_attribute(
            "aria-pressed", "true"
        )
        kept = await page.evaluate("localStorage.getItem('esapr-recommendations')")
        assert msgspec.json.decode(kept) == {second: "liked"}
        # The next time it comes first.
        await page.evaluate(
            """() => {
                const { session_id, client_token } = document.querySelector("#widget").entrance;
                const other = document.createElement("esapr-recommendations");
                document.querySelector("esapr-recommendations").replaceWith(other);
                Object.assign(other, { session: session_id, token: client_token });
            }"""
        )
        await expect(entries.first).to_have_attribute("data-id", second or "")
        await page.get_by_test_id("forget").click()
        assert await page.evaluate("localStorage.getItem('esapr-recommendations')") is None
