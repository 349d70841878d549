"""The TypeScript SDK as it is built, in Node.js against a real server."""

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from esapr.load_tests import PORTRAIT
from tests.client.cutting_proxy import CuttingProxy, cutting_proxy
from tests.programs import missing, program
from tests.server.analyses.written import encrypted_pdf
from tests.server.http.files import WAITING
from tests.serving import NOTICE_VERSION, running_server

SDK = Path(__file__).parents[2] / "web_client/dist/esapr.js"
ANALYSE = """
import { readFile } from "node:fs/promises";
const [sdk, url, version, path, mediaType, most] = process.argv.slice(1);
const { Client, consent } = await import(sdk);
const receipt = consent("test participant", version, "test");
const file = new Blob([await readFile(path)]);
let count = 0;
try {
  const options = { consent: receipt, participant: "Zoë" };
  for await (const found of new Client(url).analyse(file, mediaType, options)) {
    console.log(JSON.stringify(found));
    if (++count >= Number(most)) break;
  }
} catch ({ code }) {
  console.log(JSON.stringify({ type: "thrown", code }));
}
"""

pytestmark = pytest.mark.real_time


async def analyse(
    url: str,
    file: Path,
    media_type: str,
    *,
    most: int = 1_000,
    proxy: CuttingProxy | None = None,
) -> list[dict[str, Any]]:
    """Return what the SDK finds, ``most`` messages of it; ``proxy`` is cut at the third state."""
    if not SDK.is_file():
        missing("the built SDK (npm run build in web_client/)")
    node = program("node", "nodejs")
    arguments = (SDK.as_uri(), url, NOTICE_VERSION, str(file), media_type, str(most))
    process = await asyncio.create_subprocess_exec(
        *(node, "--input-type=module", "--eval", ANALYSE, "--", *arguments), stdout=PIPE
    )
    assert process.stdout is not None
    found = []
    async with asyncio.timeout(60):
        async for line in process.stdout:
            found.append(json.loads(line))
            if proxy and found[-1].get("seq") == 2:
                proxy.cut()
        assert await process.wait() == 0
    return found


async def test_a_clip_becomes_states_and_a_summary_over_a_lost_connection() -> None:
    async with running_server() as server, cutting_proxy(server.url) as proxy:
        found = await analyse(proxy.url, PORTRAIT, "video/webm", proxy=proxy)
    states = [each for each in found if each["type"] == "state"]
    assert [state["seq"] for state in states] == list(range(12))
    assert {state["participant"] for state in states} == {"Zoë"}
    # The first states may be there before anybody asks how far it is.
    assert "progress" in {each["type"] for each in found}
    assert (found[-1]["type"], found[-1]["summary"]["labels"]) == ("analysis.done", {"happy": 12})


async def test_a_loop_that_is_left_stops_the_analysis(tmp_path: Path) -> None:
    (tmp_path / "long.wav").write_bytes(WAITING)
    async with running_server() as server:
        await analyse(server.url, tmp_path / "long.wav", "audio/wav", most=1)
        assert b'esapr_analyses_total{outcome="stopped"} 1.0' in server.metrics.text()


async def test_what_cannot_be_analysed_says_why(tmp_path: Path) -> None:
    (tmp_path / "closed.pdf").write_bytes(encrypted_pdf("secret", "password"))
    async with running_server() as server:
        found = await analyse(server.url, tmp_path / "closed.pdf", "application/pdf")
        assert found[-1] == {"type": "thrown", "code": "document_encrypted"}
        found = await analyse(server.url, tmp_path / "closed.pdf", "application/zip")
        assert found == [{"type": "thrown", "code": "media_unsupported"}]
