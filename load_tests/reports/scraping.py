"""Reads the metrics of a server's gateways while a run goes on."""

import asyncio
from collections.abc import Callable, Sequence

import aiohttp

from esapr.load_tests.reports.scraper import Scraper, Spent
from esapr.load_tests.result import ServerSample

INTERVAL_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
"""With one gateway: a frozen one must not keep the others from being read."""


class Scraping:
    """A sample a second of all gateways together; one that does not answer is left out of it."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        addresses: Sequence[str],
        spent: Callable[[], Spent] | None = None,
    ) -> None:
        """Read ``addresses``; ``spent`` says what the processes use, where that can be seen."""
        self._http = http
        self._addresses = addresses
        self._spent = spent
        self.scraper = Scraper()
        self.samples: list[ServerSample] = []

    async def run(self, now: Callable[[], float]) -> None:
        """Read until cancelled; ``now`` is the run's clock."""
        while True:
            await self.read(now())
            await asyncio.sleep(INTERVAL_SECONDS)

    async def read(self, at_seconds: float) -> None:
        """Read once; there is no sample if no gateway answers."""
        async with asyncio.TaskGroup() as group:
            reading = {url: group.create_task(self._exposition(url)) for url in self._addresses}
        texts = {url: text for url, task in reading.items() if (text := task.result())}
        if texts:
            spent = self._spent and self._spent()
            self.samples.append(self.scraper.take(at_seconds, texts, spent))

    async def _exposition(self, url: str) -> str | None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._http.get(url) as response:
                plain = response.content_type in ("text/plain", "application/openmetrics-text")
                return await response.text() if response.ok and plain else None
        except (aiohttp.ClientError, TimeoutError):
            return None
