"""The page on recordings: its commands run as they are printed and print what it says."""

import asyncio
import json
import re
import sys
from pathlib import Path

import aiohttp
import pytest

from esapr.protocol.analyses import AnalysisDone
from esapr.protocol.codec import decode_analysis
from tests.programs import program
from tests.serving import running_server

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/analyse-a-recording.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"

pytestmark = pytest.mark.real_time


async def output(script: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *("bash", "-ec", script), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def test_the_command_prints_what_the_page_shows() -> None:
    command = re.search(r"^    (\.venv/bin/esapr analyze .*)$", PAGE, re.MULTILINE)
    shown = re.search(r"```\n(.*?)```", PAGE, re.DOTALL)
    assert command
    assert shown
    printed = (
        await output(command[1].replace(".venv/bin", str(Path(sys.executable).parent)))
    ).splitlines()

    first, *_, states, rest, cost = shown[1].splitlines()
    assert len(printed) == 15
    assert printed[0].split()[:4] == first.split()[:4]
    assert printed[-3:-1] == [states, rest]
    # How long it took differs.
    assert printed[-1].partition(" in ")[0] == cost.partition(" in ")[0]


async def test_a_server_takes_the_file_as_the_page_sends_it() -> None:
    program("curl", "curl")
    script = PAGE.partition("```sh\n")[2].partition("```")[0]
    assert ADDRESS in script
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        sent = json.loads(await output(script.replace(ADDRESS, server.url)))
        headers = {"Authorization": f"Bearer {sent['token']}"}
        events = await (await http.get(sent["events_url"], headers=headers)).text()
    done = decode_analysis(events.rstrip().rpartition("data: ")[2].encode())
    assert isinstance(done, AnalysisDone)
    assert done.summary.labels == {"happy": 12}
