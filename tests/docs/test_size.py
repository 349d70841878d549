"""The page on sizes: its table is what its program prints, and its constants were measured."""

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import msgspec
import numpy as np
import pytest

from esapr.inference.emotions import Emotion
from esapr.inference.signals import Activation, Box, FaceDetails
from esapr.protocol.codec import Format, encode
from esapr.server.config import ServerConfig
from esapr.server.sessions.states import overlay_message

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "docs/examples/size.py"
PAGE = (ROOT / "docs/how-to/size-a-deployment.md").read_text(encoding="utf-8")
MEASURED = (ROOT / "docs/reference/performance.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python docs/examples/size\.py (.*)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("size", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    # Its classes are found there.
    sys.modules["size"] = module
    spec.loader.exec_module(module)
    return module


def printed(words: str) -> str:
    command = [sys.executable, "-I", PROGRAM, *shlex.split(words)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_table_is_what_the_command_prints() -> None:
    whole, yours = COMMANDS
    table = printed(whole)
    assert table in PAGE
    assert len(table.splitlines()) == 6
    assert printed(yours).splitlines()[2].startswith("| 1,000 |")


def test_constants_are_those_that_were_measured(program: ModuleType) -> None:
    (whole,) = re.findall(r"processor time a session \| \*\*([\d.]+) %", MEASURED)
    assert float(whole) / 100 == pytest.approx(program.CORES_A_SESSION)
    models = re.findall(r"^\| `\w+` \| (\d\.\d\d) \|$", MEASURED, re.MULTILINE)
    assert len(models) == 6
    assert sum(map(float, models)) / 100 == pytest.approx(program.CORES_OF_MODELS)
    scale = MEASURED.partition("## How many sessions")[2]
    rows = [line.strip("| ").split(" | ") for line in scale.splitlines()]
    memory = {int(row[0]): float(row[7]) for row in rows if row[0].isdigit()}
    assert memory[1] == program.PROCESS_MB
    assert (memory[20] - memory[1]) / 19 == pytest.approx(program.SESSION_MB, abs=0.1)
    state = msgspec.json.decode((ROOT / "tests/wire/state.json").read_bytes())
    # Few people agree to traits.
    del state["traits"]
    sent = msgspec.json.encode(state)
    assert len(sent) == pytest.approx(program.STATE_BYTES, rel=0.1)
    points = np.arange(2 * 468, dtype=np.float32).reshape(468, 2) * 17 % 937 / 937
    activation = Activation(Emotion.HAPPY, points[:8].reshape(4, 4) - 0.5, points[:3])
    details = FaceDetails(Box(0.1, 0.2, 0.3, 0.4), points, 1, 12.0, activation=activation)
    overlay = overlay_message(1.0, details)
    assert len(encode(overlay, Format.JSON)) == pytest.approx(program.OVERLAY_BYTES, rel=0.1)
    assert ServerConfig().analysed_fps == program.PICTURES_A_SECOND


def test_what_was_measured_on_two_cores_needs_two(program: ModuleType) -> None:
    assert program.size(program.Wanted(16), program.Prices()).cores == 2
    assert program.size(program.Wanted(28), program.Prices()).cores == 4


@pytest.mark.parametrize("sessions", [1, 499, 501, 12_345])
def test_more_of_anything_never_takes_less(program: ModuleType, sessions: int) -> None:
    less, more = (
        program.size(program.Wanted(count), program.Prices()) for count in (sessions, 2 * sessions)
    )
    assert less.processes <= more.processes
    assert less.cores <= more.cores
    assert less.a_month <= more.a_month
    relayed = program.size(program.Wanted(sessions, relayed=1.0), program.Prices())
    assert relayed.gbit_in == pytest.approx(2 * sessions * 0.0005, abs=0.001)


def test_gpus_take_the_models_off_the_processors(program: ModuleType) -> None:
    without, with_ = (
        program.size(program.Wanted(1000, sessions_a_gpu=each), program.Prices())
        for each in (0, 300)
    )
    assert (without.gpus, with_.gpus) == (0, 5)
    assert with_.cores < without.cores
