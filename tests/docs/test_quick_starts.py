"""The quick starts run as they are printed, against a real server."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.programs import missing, program
from tests.serving import running_server

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "web_client"
ADDRESS = "http://127.0.0.1:8000"
PRINTED = re.compile(r"happy 0\.\d\d\n")

pytestmark = pytest.mark.real_time


def quick_start(name: str, language: str) -> str:
    """Return the first block of a language on the page: ten lines."""
    page = (ROOT / "docs/how-to" / f"quick-start-{name}.md").read_text(encoding="utf-8")
    code = page.partition(f"```{language}\n")[2].partition("```")[0]
    assert len([line for line in code.splitlines() if line.strip()]) == 10
    assert ADDRESS in code
    return code


async def output(*command: str | Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def test_python(tmp_path: Path) -> None:
    file = tmp_path / "quick_start.py"
    async with running_server() as server:
        file.write_text(quick_start("python", "python").replace(ADDRESS, server.url))
        printed = await output(sys.executable, "-I", "-X", "dev", "-W", "error", file)
    assert PRINTED.fullmatch(printed)


async def test_typescript(tmp_path: Path) -> None:
    node = program("node", "nodejs")
    if not (PACKAGE / "dist/esapr.js").is_file():
        missing("the package (npm ci && npm run build in web_client/)")
    scope = tmp_path / "node_modules/@esapr"
    scope.mkdir(parents=True)
    (scope / "widget").symlink_to(PACKAGE)
    file = tmp_path / "quick_start.mjs"
    async with running_server() as server:
        file.write_text(quick_start("typescript", "ts").replace(ADDRESS, server.url))
        printed = await output(node, "--no-warnings", "--experimental-websocket", file)
    assert PRINTED.fullmatch(printed)
