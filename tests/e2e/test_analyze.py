"""Recorded analyses in a real browser: a text, a sound and a video."""

import asyncio
import csv
import json
import re
from io import StringIO
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import FakeDevices, open_page
from tests.e2e.test_accessibility import violations
from tests.e2e.widget import MEDIA_MS, TRACKS, agree
from tests.server.http.files import WAITING
from tests.serving import running_server

# A name that is not this machine's, for the server that is.
ELSEWHERE = "esapr.example"
ANY_NUMBER = re.compile(r"\d")

pytestmark = [pytest.mark.real_time, pytest.mark.browser]


async def choose(page: Page, way: str) -> None:
    """Take one of the three ways."""
    await page.get_by_test_id(f"way-{way}").set_checked(True, force=True)


async def refused(page: Page, code: str) -> None:
    """Wait until the page says why a file is not analysed, and go on."""
    problem = page.get_by_test_id("problem")
    await expect(problem).to_have_attribute("data-code", code, timeout=MEDIA_MS)
    await page.get_by_test_id("other").click()


async def done(page: Page) -> None:
    """Wait until everything is found."""
    await page.get_by_test_id("another").wait_for(timeout=MEDIA_MS)


async def saved(page: Page, kind: str) -> str:
    """Return what is in the file that a button makes."""
    async with page.expect_download() as download:
        await page.get_by_test_id(kind).click()
    file = await (await download.value).path()
    return await asyncio.to_thread(file.read_text, encoding="utf-8")


async def test_a_text_and_a_sound_once_somebody_has_agreed(
    chromium: str, devices: FakeDevices, tmp_path: Path
) -> None:
    long = tmp_path / "long.wav"
    long.write_bytes(WAITING)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and nothing more")
    async with (
        running_server() as server,
        open_page(chromium, f"{server.url}/analyze", *devices.flags) as page,
    ):
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        await choose(page, "audio")
        await expect(page.get_by_test_id("notice")).to_contain_text("With your consent")
        await expect(page.get_by_test_id("cover-traits")).to_have_count(0)
        await page.get_by_test_id("agree").click()
        await expect(page.get_by_text("Choose at least one.")).to_be_visible()
        await page.get_by_test_id("refuse").click()
        await expect(page.get_by_test_id("closing")).to_contain_text("Nothing is measured")
        assert await page.evaluate("opened") == []
        assert [url for url in requests if "/v1/" in url and "/v1/notice" not in url] == []

        await choose(page, "text")
        await page.get_by_test_id("cover-traits").check()
        await agree(page, ["text"])
        await page.get_by_test_id("text").fill("What a lovely surprise!")
        await page.get_by_test_id("analyse-text").click()
        await done(page)
        await expect(page.get_by_test_id("traits")).to_contain_text("4 words are too few")
        await expect(page.get_by_test_id("bars").locator("dt")).to_have_count(7)
        await page.get_by_test_id("another").click()
        file = page.get_by_test_id("file")
        await file.set_input_files(broken)
        await refused(page, "document_invalid")

        await choose(page, "audio")
        await agree(page, ["voice"])
        assert await violations(page) == []
        await file.set_input_files(broken)
        await refused(page, "media_unsupported")
        # What takes long is stopped, and the server forgets it.
        await file.set_input_files(long)
        await page.locator('[data-step="analysing"]').wait_for(timeout=MEDIA_MS)
        async with page.expect_response(lambda found: found.request.method == "DELETE"):
            await page.get_by_test_id("cancel").click()
        assert b'esapr_analyses_total{outcome="stopped"} 1.0' in server.metrics.text()
        await file.set_input_files(devices.microphone)
        await done(page)
        for signal in ("length", "speech", "loudness", "evidence-voice"):
            await expect(page.get_by_test_id(signal)).to_have_text(ANY_NUMBER)
        rows = list(csv.DictReader(StringIO(await saved(page, "csv"))))
        kept = json.loads(await saved(page, "json"))

    shown = [state["fused"]["label"] if state["fused"] else "" for state in kept["states"]]
    assert [row["expression"] for row in rows] == shown
    assert kept["summary"]["states"] == len(rows) > 10


async def test_a_video_that_is_recorded(chromium: str, devices: FakeDevices) -> None:
    mapped = f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"
    # Browsers say so of pages without TLS on another host than their own.
    untrusted = "Cross-Origin-Opener-Policy"
    async with (
        running_server() as server,
        open_page(
            chromium, f"{server.url}/analyze", mapped, *devices.flags, expected=untrusted
        ) as page,
    ):
        await choose(page, "video")
        await agree(page, ["face", "voice"])
        await page.get_by_test_id("record").click()
        await page.get_by_test_id("start").click(timeout=MEDIA_MS)
        clock = page.get_by_test_id("clock")
        await expect(clock).to_have_text(re.compile(r"0:0[2-9]\s+4:5\d left"), timeout=MEDIA_MS)
        await expect(page.get_by_test_id("meter")).to_have_attribute("aria-valuenow", ANY_NUMBER)
        await page.get_by_test_id("stop").click()
        await page.get_by_test_id("analyse").wait_for()
        # The devices are closed before anything is sent.
        assert set(await page.evaluate(TRACKS)) == {"ended"}
        await page.get_by_test_id("analyse").click()
        await done(page)
        await expect(page.get_by_test_id("label")).to_have_text("happy", ignore_case=True)
        await expect(page.get_by_test_id("blinks")).to_have_text(ANY_NUMBER)
        await page.locator("summary").click()
        await expect(page.get_by_test_id("segments").locator("tbody tr")).not_to_have_count(0)
        assert await violations(page) == []

        # Elsewhere than on this machine no file is taken without a key.
        await page.goto(f"http://{ELSEWHERE}:{server.port}/analyze")
        await expect(page.get_by_test_id("key-needed")).to_contain_text("POST /v1/analyses")
