"""The page of the report, from the end of a session to its withdrawal, in one browser."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from pypdf import PdfReader

from tests.e2e.browser import open_page
from tests.e2e.test_accessibility import violations
from tests.e2e.widget import MEDIA_MS, agree, next_state, reach
from tests.serving import running_server

pytestmark = [pytest.mark.real_time, pytest.mark.browser]

# As the widget does it: with the token that the page has kept.
REVOKE = """
async () => {
  const token = sessionStorage.getItem(`esapr-token ${location.pathname}`);
  const session = location.pathname.split("/").at(-1);
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetch(`/v1/sessions/${session}/consent`, { method: "DELETE", headers })).status;
}
"""


async def recorded(page: Page, line: str) -> Page:
    """Hold a session that is kept, send a line if there is one, end it and open its report."""
    await page.get_by_test_id("keep").check()
    await agree(page, ["text"])
    await next_state(page)
    if line:
        await page.get_by_test_id("text-input").fill(line)
        await page.keyboard.press("Enter")
        await next_state(page, "state.fused")
    await page.get_by_test_id("end").click()
    await reach(page, "ended")
    async with page.expect_popup() as opened:
        await page.get_by_test_id("report").click()
    return await opened.value


async def saved(page: Page, form: str, folder: Path) -> Path:
    async with page.expect_download(timeout=MEDIA_MS) as started:
        await page.get_by_test_id(f"download-{form}").click()
    download = await started.value
    assert download.suggested_filename.endswith(f".{form}")
    await download.save_as(folder / download.suggested_filename)
    return folder / download.suggested_filename


async def test_a_report_from_the_end_of_its_session_to_its_withdrawal(
    chromium: str, tmp_path: Path
) -> None:
    # Chromium itself logs what is refused, which the last views are about.
    refused = "status of 4(01|04|10)"
    async with (
        running_server() as server,
        open_page(chromium, server.url, expected=refused) as page,
    ):
        report = await recorded(page, "I am so happy about this lovely surprise!")
        complaints: list[str] = []
        report.on("pageerror", lambda error: complaints.append(str(error)))

        await expect(report.locator("canvas").first).to_be_visible(timeout=MEDIA_MS)
        await expect(report.get_by_test_id("traits")).to_contain_text("consent does not cover it")
        await expect(report.get_by_test_id("notice")).to_contain_text("You decide freely")
        await expect(report.get_by_test_id("models")).to_contain_text("Apache-2.0")
        path = await page.evaluate("heard.find(({ name }) => name === 'ended').detail.report")
        # The token has left the address.
        assert report.url == f"{server.url}{path}"
        assert await violations(report) == []

        await report.get_by_test_id("slider").press("End")
        await expect(report.get_by_test_id("reading")).not_to_contain_text("Means")
        pdf = PdfReader(await saved(report, "pdf", tmp_path))
        assert "Session report: participant" in pdf.pages[0].extract_text()
        for form, begin in (("csv", b"seq,"), ("json", b"{"), ("emotionml", b"<?xml")):
            assert (await saved(report, form, tmp_path)).read_bytes().startswith(begin)
        file = await saved(report, "html", tmp_path)
        await report.goto(file.as_uri())
        await expect(report.locator("h1")).to_have_text("Session report: participant")

        # The token stays with the tab, whatever the language.
        await report.goto(f"{server.url}{path}?language=de")
        await expect(report.locator("h1")).to_have_text("Sitzungsbericht: participant")
        assert await report.evaluate(REVOKE) == 204
        await report.reload()
        problem = report.get_by_test_id("problem")
        await expect(problem).to_contain_text("Die Einwilligung wurde widerrufen")
        assert await violations(report) == []

        await report.goto(f"{server.url}/report/{'0' * 32}")
        await expect(problem).to_have_attribute("data-code", "not_found")
        await page.get_by_test_id("again").click()
        empty = await recorded(page, "")
        await expect(empty.get_by_test_id("empty")).to_contain_text("nothing to average")
        assert complaints == []
