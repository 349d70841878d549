"""The icons of the installed page, drawn from its icon: ``python -m tests.e2e.icons``."""

import asyncio
from pathlib import Path

from playwright.async_api import async_playwright

from tests.e2e.browser import QUIET
from tests.programs import program

WEB = Path(__file__).parents[2] / "web_client"
SIZES = {"icon-192": 192, "icon-512": 512, "icon-maskable": 512}
STYLE = "<style>body { margin: 0 } svg { display: block; width: 100vw }</style>"


def drawing(name: str, svg: str) -> str:
    """Return a page with the icon; systems cut the corners of a maskable one themselves."""
    return STYLE + (svg.replace(' rx="8"', "") if name == "icon-maskable" else svg)


async def draw_all(chromium: str, svg: str) -> None:
    """Draw every icon."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=[*QUIET])
        for name, size in SIZES.items():
            page = await browser.new_page(viewport={"width": size, "height": size})
            await page.set_content(drawing(name, svg))
            await page.screenshot(path=WEB / f"public/{name}.png", omit_background=True)
        await browser.close()


if __name__ == "__main__":
    icon = (WEB / "src/icon.svg").read_text(encoding="utf-8")
    asyncio.run(draw_all(program("chromium", "chromium"), icon))
