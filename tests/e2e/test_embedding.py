"""The widget in pages of other sites, with the headers that the guide documents."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Frame, Page

from tests.e2e.browser import FakeDevices, open_page
from tests.e2e.site import Site, SitePage, running_site, session_for, widget
from tests.e2e.widget import agree, explained, next_state, reach
from tests.serving import running_server

GUIDE = Path(__file__).parents[2] / "docs/how-to/embed-the-widget.md"
# Every name of a fresh window, from a frame of its own.
NEW_GLOBALS = """
() => {
  const frame = document.body.appendChild(document.createElement("iframe"));
  const fresh = new Set(Object.getOwnPropertyNames(frame.contentWindow));
  frame.remove();
  const recorded = ["heard", "opened", "shifted"];
  return Object.getOwnPropertyNames(window)
    .filter((name) => !fresh.has(name) && !recorded.includes(name) && !/^\\d+$/.test(name));
}
"""
LIT = {"litElementVersions", "litHtmlVersions", "litPropertyMetadata", "reactiveElementVersions"}
PAGE = "<!doctype html><html lang=en><meta charset=utf-8><title>Site</title><body>{}</body></html>"

pytestmark = [pytest.mark.real_time, pytest.mark.browser]


def documented(heading: str, server: str, origin: str = "") -> dict[str, str]:
    """Return the headers under a heading of the guide, for these servers."""
    section = (
        GUIDE.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    )
    block = re.search(r"```http\n(.*?)```", section, re.DOTALL)
    assert block, heading
    names = {
        "https://esapr.example": server,
        "wss://esapr.example": server.replace("http", "ws"),
        "https://site.example": origin,
    }
    text = re.sub("|".join(names), lambda found: names[found[0]], block[1])
    return dict(line.split(": ", 1) for line in text.strip().splitlines())


def script(server: str, *, module: bool) -> str:
    if module:
        return f'<script type="module" src="{server}/embed/widget.js"></script>'
    return f'<script defer src="{server}/embed/widget.iife.js"></script>'


async def inner(page: Page) -> Frame:
    """Return the frame in the page, once its widget is there."""
    handle = await page.wait_for_selector("iframe")
    assert handle
    frame = await handle.content_frame()
    assert frame
    await frame.wait_for_selector("esapr-widget")
    return frame


@pytest.mark.parametrize("module", [False, True], ids=["script tag", "ES module"])
async def test_a_page_with_just_the_documented_headers(
    chromium: str, devices: FakeDevices, module: bool
) -> None:
    async with running_site() as site, running_server(allowed_origins=(site.origin,)) as server:
        body = widget(server.url, await session_for(server.url)) + script(server.url, module=module)
        site.pages["/"] = SitePage(PAGE.format(body), documented("Headers of the page", server.url))
        async with open_page(chromium, site.origin, *devices.flags) as page:
            await page.wait_for_function("() => !!customElements.get('esapr-widget')")
            added = await page.evaluate(NEW_GLOBALS)
            await agree(page, ["face", "voice"])
            state = await next_state(page, "state.modalities.face && state.modalities.voice")
            await page.get_by_test_id("end").click()
            await reach(page, "ended")

    # The person had left out what the site had opened besides.
    assert state["muted"] == ["text"]
    assert set(added) <= LIT


async def test_an_isolated_page_with_trusted_types(chromium: str, devices: FakeDevices) -> None:
    async with running_site() as site, running_server(allowed_origins=(site.origin,)) as server:
        headers = documented("Headers of the page", server.url)
        headers |= documented("Isolated pages", server.url)
        trusted = "; require-trusted-types-for 'script'; trusted-types lit-html"
        headers["Content-Security-Policy"] += trusted
        body = widget(server.url, await session_for(server.url)) + script(server.url, module=False)
        site.pages["/"] = SitePage(PAGE.format(body), headers)
        async with open_page(chromium, site.origin, *devices.flags) as page:
            await page.wait_for_function("() => !!customElements.get('esapr-widget')")
            assert await page.evaluate("crossOriginIsolated")
            await agree(page, ["face"])
            await next_state(page, "state.modalities.face")


async def test_a_frame_of_another_origin(chromium: str, devices: FakeDevices) -> None:
    async with running_site() as site, running_server(allowed_origins=(site.origin,)) as server:
        body = widget(server.url, await session_for(server.url)) + script(server.url, module=True)
        site.pages["/in"] = SitePage(
            PAGE.format(body), documented("Headers of the page", server.url)
        )
        frame = (
            f'<iframe src="{site.origin}/in" allow="camera; microphone" title="Check-in"></iframe>'
        )
        headers = documented("In a frame", server.url, site.origin)
        site.pages["/"] = SitePage(PAGE.format(frame), headers)
        async with open_page(chromium, site.outer, *devices.flags) as page:
            inside = await inner(page)
            await agree(inside, ["face", "voice"])
            await next_state(inside, "state.modalities.face && state.modalities.voice")


async def blocked_in(site: Site, server: str, chromium: str, allow: str, **headers: str) -> str:
    """Return how the widget explains a frame that may not use the camera."""
    body = widget(server, await session_for(server)) + script(server, module=True)
    own = {"Permissions-Policy": headers["inner"]} if "inner" in headers else {}
    site.pages["/in"] = SitePage(PAGE.format(body), own)
    frame = f'<iframe src="{site.origin}/in" allow="{allow}" title="Check-in"></iframe>'
    around = {"Permissions-Policy": headers["outer"]} if "outer" in headers else {}
    site.pages["/"] = SitePage(PAGE.format(frame), around)
    async with open_page(chromium, site.outer, expected="ermissions policy violation") as page:
        inside = await inner(page)
        await agree(inside, ["face"])
        return await explained(inside)


async def test_a_blocked_camera_in_a_frame_names_who_blocks_it(chromium: str) -> None:
    async with running_site() as site, running_server(allowed_origins=(site.origin,)) as server:
        allow = "camera; microphone"
        assert await blocked_in(site, server.url, chromium, "") == "frame_blocked"
        assert (
            await blocked_in(site, server.url, chromium, allow, outer="camera=()")
            == "frame_blocked"
        )
        assert (
            await blocked_in(site, server.url, chromium, allow, inner="camera=()")
            == "policy_header"
        )


async def findings(page: Page) -> dict[str, str]:
    """Return what the check has found, by its name."""
    await page.wait_for_function(
        "() => document.querySelector('esapr-embed-check').shadowRoot.querySelector('li') !== null"
    )
    rows = await page.locator("esapr-embed-check li").all()
    return {
        await row.get_attribute("data-testid") or "": await row.get_attribute("data-outcome") or ""
        for row in rows
    }


def check_page(server: str, policy: str) -> SitePage:
    body = (
        f'<script type="module" src="{server}/embed/check.js"></script>'
        f'<esapr-embed-check server="{server}"></esapr-embed-check>'
    )
    return SitePage(PAGE.format(body), {"Content-Security-Policy": policy})


async def test_the_check_names_what_a_site_has_forgotten(chromium: str) -> None:
    async with running_site() as site, running_server() as server:
        strict = f"default-src 'none'; script-src {server.url}"
        site.pages["/strict"] = check_page(server.url, strict)
        site.pages["/unknown"] = check_page(server.url, f"{strict}; connect-src {server.url}")
        async with open_page(
            chromium, f"{site.origin}/strict", expected="Content Security Policy"
        ) as page:
            strict_page = await findings(page)
            remedy = await page.get_by_test_id("csp").locator("code").inner_text()
        async with open_page(
            chromium, f"{site.origin}/unknown", expected="CORS|ERR_FAILED"
        ) as page:
            unknown = await findings(page)
            setting = await page.get_by_test_id("cors").locator("code").inner_text()

    assert (strict_page["csp"], strict_page["cors"]) == ("bad", "open")
    assert remedy.startswith(f"connect-src {server.url} ws://")
    assert (unknown["csp"], unknown["cors"]) == ("good", "bad")
    assert setting == f'ESAPR_ALLOWED_ORIGINS="{site.origin}"'


async def test_the_servers_own_page_checks_a_session(chromium: str) -> None:
    async with (
        running_server() as server,
        open_page(chromium, f"{server.url}/embed-check") as page,
    ):
        before = await findings(page)
        await page.get_by_test_id("with-session").click()
        await page.get_by_test_id("media").wait_for(timeout=30_000)
        after = await findings(page)

    assert set(before.values()) == {"good"}
    assert set(after) - set(before) == {"socket", "media"}
    assert set(after.values()) == {"good"}
