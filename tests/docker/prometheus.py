"""A Prometheus that scrapes a server as the shipped configuration says, only more often."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.programs import program

FILES = Path(__file__).parents[2] / "docker/prometheus"
PATIENCE_SECONDS = 60.0
"""Nothing waits for as long unless something is broken."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running one."""

    http: aiohttp.ClientSession

    async def query(self, expression: str) -> dict[str, Any]:
        """Return the whole answer to an instant query."""
        async with self.http.post("/api/v1/query", data={"query": expression}) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def wait_for(self, expression: str) -> None:
        """Return once a query has a result."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._has(expression):  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def _has(self, expression: str) -> bool:
        return bool((await self.query(expression))["data"]["result"])


@asynccontextmanager
async def running_prometheus(folder: Path, target: str) -> AsyncIterator[Prometheus]:
    """Scrape ``target`` (``host:port``) until the block is left."""
    for file in ("alerts.yml", "prometheus.yml"):
        shutil.copy(FILES / file, folder)
    settings = yaml.safe_load((folder / "prometheus.yml").read_text())
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    (folder / "targets.yml").write_text(yaml.safe_dump([{"targets": [target]}]))
    process = await asyncio.create_subprocess_exec(
        program("prometheus", "prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--enable-feature=exemplar-storage",
        "--web.listen-address=127.0.0.1:0",
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    try:
        async with asyncio.TaskGroup() as group:
            address = await _address(process.stderr)
            draining = group.create_task(_drain(process.stderr))
            async with aiohttp.ClientSession(f"http://{address}") as http:
                await _until_ready(http)
                yield Prometheus(http)
            draining.cancel()
    finally:
        process.kill()
        await process.wait()


async def _address(said: asyncio.StreamReader) -> str:
    """Return where it listens, which only its log says."""
    lines = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while line := (await said.readline()).decode():
            lines.append(line)
            if found := re.search(r'Listening on" address=(127\.0\.0\.1:\d+)', line):
                return found[1]
    raise AssertionError("".join(lines))


async def _drain(said: asyncio.StreamReader) -> None:
    while await said.read(65_536):
        pass


async def _until_ready(http: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await http.get("/-/ready")).status != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
