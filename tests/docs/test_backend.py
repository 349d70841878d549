"""The page for backends: its program runs as printed, against a server that wants a key."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.server.http.keyed import keyed_server, make

PAGE = Path(__file__).parents[2] / "docs/how-to/open-sessions-from-your-backend.md"

pytestmark = pytest.mark.real_time


async def test_a_backend_opens_a_session_and_a_clinician_watches(tmp_path: Path) -> None:
    code = PAGE.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    program = tmp_path / "backend.py"
    program.write_text(code)
    async with keyed_server(tmp_path, host="0.0.0.0") as (_, keys, server):
        settings = {
            "ESAPR_URL": f"http://127.0.0.1:{server.port}",
            "ESAPR_KEY": make(keys, "clinic"),
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-X", "dev", "-W", "error", program),
            env={**os.environ, **settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, printed.decode()
    for_the_browser, seen = printed.decode().splitlines()
    assert re.match(
        r"for the browser: /v1/sessions/\w+/feed /v1/sessions/\w+/whip ", for_the_browser
    )
    assert seen == "seen in clinic.ward by the clinician: participant"
