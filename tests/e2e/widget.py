"""What the tests do with the widget: agree, look at its phases, read the states that it tells."""

from collections.abc import Sequence

from playwright.async_api import Frame, Page, expect

ALL = ("face", "voice", "text")
MEDIA_MS = 60_000
# Everything that the widget tells, and when (seconds on the page's clock); every device that opens.
RECORD = """
window.heard = [];
window.opened = [];
for (const name of ["phase", "consent", "session", "state", "event", "error", "ended"]) {
  addEventListener(`esapr-${name}`, (event) => {
    window.heard.push({ name, detail: event.detail, at: performance.now() / 1000 });
  });
}
if (navigator.mediaDevices) {
  const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    window.opened.push(null);
    const stream = await original(wanted);
    window.opened.push(stream);
    return stream;
  };
}
"""
TRACKS = "window.opened.filter(Boolean).flatMap((s) => s.getTracks()).map((t) => t.readyState)"


async def agree(page: Page | Frame, modalities: Sequence[str] = ALL) -> None:
    """Tick what may be measured, and agree."""
    for modality in modalities:
        await page.get_by_test_id(f"use-{modality}").check()
    await page.get_by_test_id("agree").click()


async def reach(page: Page | Frame, phase: str, timeout_ms: float = MEDIA_MS) -> None:
    """Wait until the widget is in ``phase``."""
    await page.wait_for_function(
        "(phase) => document.querySelector('esapr-widget').phase === phase",
        arg=phase,
        timeout=timeout_ms,
    )


async def next_state(page: Page | Frame, condition: str = "true") -> dict[str, object]:
    """Wait for a further state for which ``condition``, of ``state``, holds; return it."""
    count = await page.evaluate("window.heard.length")
    handle = await page.wait_for_function(
        f"""(count) => window.heard.slice(count).filter(({{ name }}) => name === "state")
            .map(({{ detail }}) => detail).find((state) => {condition})""",
        arg=count,
        timeout=MEDIA_MS,
    )
    state: dict[str, object] = await handle.json_value()
    return state


async def explained(page: Page | Frame) -> str:
    """Return why the widget says that it is blocked."""
    blocked = page.get_by_test_id("blocked")
    await expect(blocked).to_be_visible(timeout=MEDIA_MS)
    return await blocked.get_attribute("data-code") or ""
