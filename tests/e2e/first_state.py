"""How long after the consent the page shows something: ``python -m tests.e2e.first_state``.

Chromium plays the shipped clip as its camera and microphone into a server on this machine. Times
are the page's own, from the press of the button.
"""

import asyncio
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.browser import fake_devices, open_page
from tests.e2e.widget import agree, next_state
from tests.programs import program
from tests.serving import running_server

RUNS = 7
SINCE_CONSENT = """
() => {
  const at = (found) => heard.find(found).at;
  const begun = at(({ name }) => name === "consent");
  const state = (condition) => at(({ name, detail }) => name === "state" && condition(detail));
  return {
    "session": at(({ name }) => name === "session") - begun,
    "first state": state(() => true) - begun,
    "first state with a face": state(({ modalities }) => modalities.face) - begun,
    "first expression": state(({ fused }) => fused) - begun,
  };
}
"""


async def measure(chromium: str, folder: Path) -> dict[str, list[float]]:
    """Return the seconds of each run by what they lead to."""
    flags = fake_devices(folder).flags
    found: dict[str, list[float]] = {}
    async with running_server() as server:
        for _ in range(RUNS):
            async with open_page(chromium, server.url, *flags) as page:
                await agree(page)
                await next_state(page, "state.fused && state.modalities.face")
                for name, seconds in (await page.evaluate(SINCE_CONSENT)).items():
                    found.setdefault(name, []).append(seconds)
    return found


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        times = asyncio.run(measure(program("chromium", "chromium"), Path(temporary)))
    for name, seconds in times.items():
        each = " ".join(f"{one:.2f}" for one in sorted(seconds))
        sys.stdout.write(f"{name:24} median {statistics.median(seconds):.2f} s   {each}\n")
