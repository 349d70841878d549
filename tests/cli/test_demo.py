import asyncio
import json
import sys
import wave
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from esapr.cli.demo import demo
from esapr.protocol.codec import Format, decode_server, encode
from esapr.protocol.messages import State
from tests.serving import running_server

COMMAND = (sys.executable, "-c", "from esapr.cli.main import main; main()", "demo")


@dataclass(frozen=True, slots=True)
class Outcome:
    status: int
    lines: list[str]
    errors: str


async def run_demo(*arguments: str) -> Outcome:
    process = await asyncio.create_subprocess_exec(*COMMAND, *arguments, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(120):
        output, errors = await process.communicate()
    assert process.returncode is not None
    return Outcome(process.returncode, output.decode().splitlines(), errors.decode())


@pytest.mark.real_time
async def test_the_shipped_clip_brings_states_fused_from_all_modalities() -> None:
    outcome = await run_demo("--json", "--seconds", "6")

    assert outcome.status == 0, outcome.errors
    *states, summary = outcome.lines
    read = [decode_server(line.encode(), Format.JSON) for line in states]
    assert all(isinstance(state, State) for state in read)
    assert [encode(state, Format.JSON).decode() for state in read] == states
    assert [state.seq for state in read if isinstance(state, State)] == list(range(len(read)))
    counts = json.loads(summary)
    assert counts["type"] == "summary"
    assert counts["states"] == len(read)
    assert all(0 < count <= counts["fused"] for count in counts["modalities"].values())
    assert set(counts["modalities"]) == {"face", "voice", "text"}
    assert "Error" not in outcome.errors
    assert "Traceback" not in outcome.errors


@pytest.mark.real_time
async def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    piped = ("sh", "-c", '"$@" | head -n 1', "sh", *COMMAND)
    process = await asyncio.create_subprocess_exec(*piped, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(120):
        output, errors = await process.communicate()

    assert output.split()[0] == b"1.0"
    assert b"Error" not in errors
    assert b"Traceback" not in errors


@pytest.mark.real_time
async def test_a_clip_without_a_face_fails_and_says_so(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 16_000))
    async with running_server() as server:
        outcome = await run_demo(
            "--url", server.url, "--clip", str(tmp_path / "silence.wav"), "--seconds", "3"
        )

    assert outcome.status == 1
    assert "no fused state rests on: face, voice" in outcome.errors
    assert "resting on face 0, voice 0, text" in outcome.lines[-1]
    assert "text happy" in outcome.lines[0]


def test_a_missing_clip_is_a_usage_error() -> None:
    outcome = CliRunner().invoke(demo, ["--clip", "nowhere.webm"])

    assert outcome.exit_code == 2
    assert "nowhere.webm" in outcome.stderr
    assert outcome.stdout == ""


@pytest.mark.real_time
async def test_a_file_that_is_no_clip_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no media")

    outcome = await run_demo("--clip", str(tmp_path / "notes.txt"))

    assert outcome.status == 2
    assert "notes.txt: Invalid data" in outcome.errors


@pytest.mark.real_time
async def test_a_server_that_is_not_there_is_named() -> None:
    outcome = await run_demo("--url", "http://127.0.0.1:1")

    assert outcome.status == 1
    assert "127.0.0.1:1" in outcome.errors
    assert "Traceback" not in outcome.errors
