import asyncio
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from esapr.cli.analyze import analyze
from esapr.load_tests import PORTRAIT
from esapr.protocol.analyses import AnalysisDone, AnalysisMessage, Page
from esapr.protocol.codec import Format, decode_analysis, encode
from esapr.protocol.messages import Error, State
from tests.server.analyses.recorded import DATA, recording
from tests.server.analyses.written import pdf, printed
from tests.server.http.files import client
from tests.serving import CONSENT

# Lewis Carroll, Alice's Adventures in Wonderland, 1865: in the public domain.
ALICE = (DATA / "alice.txt").read_text(encoding="utf-8")

COMMAND = (sys.executable, "-c", "from esapr.cli.main import main; main()", "analyze")

pytestmark = pytest.mark.real_time


@dataclass(frozen=True, slots=True)
class Outcome:
    status: int
    lines: list[str]
    errors: str

    def messages(self) -> list[AnalysisMessage]:
        return [decode_analysis(line.encode()) for line in self.lines]


async def run(*arguments: str | Path) -> Outcome:
    process = await asyncio.create_subprocess_exec(*COMMAND, *arguments, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(120):
        output, errors = await process.communicate()
    assert process.returncode is not None
    assert "Traceback" not in errors.decode()
    return Outcome(process.returncode, output.decode().splitlines(), errors.decode())


async def test_a_clip_brings_a_line_a_second_a_summary_and_a_drawing(tmp_path: Path) -> None:
    outcome = await run(PORTRAIT, "--svg", tmp_path / "portrait.svg")

    assert outcome.status == 0, outcome.errors
    *states, labels, rest, cost = outcome.lines
    assert [float(line.split()[0]) for line in states] == list(range(1, 13))
    assert all(" happy " in line and float(line.split()[3]) > 0.9 for line in states)
    assert all("face happy" in line for line in states)
    assert labels == "12 states: happy 12"
    assert rest == "evidence of face 100%, voice 92%; 4 blinks, 8.3 s of speech"
    assert cost.startswith("12.0 s in ")
    assert outcome.errors == ""
    drawn = ElementTree.parse(tmp_path / "portrait.svg").getroot()
    texts = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Face", "Voice", "happy", "100 %"} <= set(texts)
    assert "Text" not in texts


async def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    piped = ("sh", "-c", '"$@" | head -n 1', "sh", *COMMAND, PORTRAIT)
    process = await asyncio.create_subprocess_exec(*piped, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(120):
        output, errors = await process.communicate()

    assert output.split()[0] == b"1.0"
    assert errors == b""


async def test_json_is_the_protocol_and_the_same_in_every_run() -> None:
    first, second = await run(PORTRAIT, "--json"), await run("--json", PORTRAIT)

    assert first.lines == second.lines
    *states, done = first.messages()
    assert [state.seq for state in states if isinstance(state, State)] == list(range(12))
    assert isinstance(done, AnalysisDone)
    assert done.summary.states == 12
    assert [encode(each, Format.JSON).decode() for each in first.messages()] == first.lines


async def test_silence_is_analysed_and_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    path.write_bytes(recording("sound.flac", 5.0, samples=np.zeros((1, 240_000), np.float32)))
    outcome = await run(path)

    assert outcome.status == 1
    assert outcome.lines[-3] == "5 states: (warming_up) 3, (no_speech) 2"
    assert "evidence of nothing" in outcome.lines[-2]


async def test_a_document_brings_a_line_a_page(tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(pdf("I am so happy and grateful, this is wonderful!", ""))
    outcome = await run(path)

    assert outcome.status == 0
    assert outcome.lines[0].split()[:5] == ["page", "1", "of", "2", "happy"]
    assert outcome.lines[-1] == "2 pages: happy 1, (no_text) 1"


async def test_a_document_shows_the_same_here_and_to_a_server(tmp_path: Path) -> None:
    path = tmp_path / "alice.pdf"
    path.write_bytes(printed(*ALICE.split("\n\n")))
    outcome = await run(path, "--json")
    async with client() as (sender, _):
        # Who calls the command reads their own files; a server has to be allowed to.
        consent = {**CONSENT, "covers": ["traits"]}
        sent = await sender.send(path.read_bytes(), "application/pdf", consent=consent)
        events = await sender.all_events(sent)

    *pages, here = outcome.messages()
    served = [message for _, message in events if isinstance(message, Page)]
    assert [replace(page, analysis=path.name) for page in served] == pages
    assert len({page.fused.label for page in served if page.fused}) > 1
    _, there = events[-1]
    assert isinstance(here, AnalysisDone)
    assert isinstance(there, AnalysisDone)
    assert there.summary == here.summary
    assert (here.summary.pages, here.summary.damaged) == (6, 0)


async def test_a_portrait_is_one_state() -> None:
    outcome = await run(DATA / "astronaut.jpg")

    assert outcome.status == 0
    assert outcome.lines[-3] == "1 states: happy 1"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("noise.wav", b"noise" * 1_000, "media_invalid"),
        ("empty.mp4", b"", "media_invalid"),
        ("scan.pdf", pdf(""), "document_without_text"),
        ("archive.zip", b"PK", "media_unsupported"),
    ],
)
async def test_what_cannot_be_analysed_is_named_with_its_code(
    tmp_path: Path, name: str, data: bytes, code: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    outcome = await run(path)
    machine = await run(path, "--json")

    assert (outcome.status, outcome.lines) == (2, [])
    assert f"{name}: {code}: " in outcome.errors
    (error,) = machine.messages()
    assert isinstance(error, Error)
    assert (machine.status, error.code) == (2, code)


def test_a_missing_file_is_a_usage_error() -> None:
    outcome = CliRunner().invoke(analyze, ["nowhere.wav"])

    assert outcome.exit_code == 2
    assert "nowhere.wav" in outcome.stderr


@pytest.mark.skipif(bool(find_spec("faster_whisper")), reason="the extra asr is installed")
def test_writing_speech_down_without_the_extra_says_what_is_missing() -> None:
    outcome = CliRunner().invoke(analyze, [str(PORTRAIT), "--transcribe"])

    assert outcome.exit_code == 2
    assert "config_invalid: transcription_model: faster_whisper is not installed" in outcome.stderr
