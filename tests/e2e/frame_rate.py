"""How evenly the live page is drawn: ``python -m tests.e2e.frame_rate``.

Chromium plays the shipped clip as its camera and microphone into a server on this machine.
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.browser import fake_devices, open_page
from tests.e2e.widget import agree, next_state
from tests.programs import program
from tests.serving import running_server

STATES = 20
FRAMES = """
async () => {
  const at = [];
  await new Promise((done) => {
    const step = (time) => (at.push(time) > 900 ? done() : requestAnimationFrame(step));
    requestAnimationFrame(step);
  });
  const waits = at.slice(1).map((time, index) => time - at[index]).sort((a, b) => a - b);
  const share = (part) => waits[Math.ceil(part * waits.length) - 1];
  return {
    "frames a second": (1000 * waits.length) / (at.at(-1) - at[0]),
    "ms to the next frame, median": share(0.5),
    "ms to the next frame, 99 %": share(0.99),
    "ms to the next frame, most": share(1),
    "layout shift since the page began": window.shifted,
  };
}
"""


async def measure(chromium: str, folder: Path) -> dict[str, float]:
    """Return the figures of 900 frames after twenty states."""
    flags = fake_devices(folder).flags
    async with (
        running_server() as server,
        open_page(chromium, server.url, *flags) as page,
    ):
        await agree(page)
        for _ in range(STATES):
            await next_state(page)
        found: dict[str, float] = await page.evaluate(FRAMES)
        return found


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        figures = asyncio.run(measure(program("chromium", "chromium"), Path(temporary)))
    for name, value in figures.items():
        sys.stdout.write(f"{name:36} {value:.4f}\n")
