"""The examples run against a real server, and need no part of ESAPR."""

import ast
import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.serving import running_server

ROOT = Path(__file__).parents[2]
PARTNER = ROOT / "docs/examples/partner.py"


def test_the_partner_needs_the_standard_library_and_websockets_in_sixty_lines() -> None:
    source = PARTNER.read_text(encoding="utf-8")
    modules = {
        alias.name if isinstance(node, ast.Import) else node.module or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert {name.split(".")[0] for name in modules} - sys.stdlib_module_names == {"websockets"}
    assert len(source.splitlines()) <= 60


@pytest.mark.real_time
async def test_a_partner_gets_states_of_its_pictures_and_its_text(tmp_path: Path) -> None:
    for number in range(10):
        shutil.copy(ROOT / "tests/data/astronaut.jpg", tmp_path / f"{number}.jpg")
    async with running_server() as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", PARTNER, server.url, tmp_path, "That is wonderful news!"),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    *states, last = output.decode().splitlines()
    assert process.returncode == 0
    assert any(state.split()[1] == "happy" and state.endswith("face text") for state in states)
    closed = json.loads(last)
    assert (closed["type"], closed["reason"]) == ("session.closed", "closed")
    assert closed["totals"]["lines"] == 1
    assert closed["totals"]["frames"] + closed["totals"]["dropped"]["frames"] == 10
