"""The short load test that every change has to pass, as an operator runs it."""

import asyncio
import json
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from esapr.cli.loadtest import loadtest
from esapr.load_tests import PORTRAIT
from esapr.load_tests.result import decode_result
from esapr.load_tests.scenarios import open_scenario, shipped
from tests.serving import running_server

COMMAND = (sys.executable, "-c", "from esapr.cli.main import main; main()", "loadtest")


async def run_loadtest(*arguments: str) -> tuple[int | None, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, "--json", stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(180):
        output, errors = await process.communicate()
    assert b"Traceback" not in errors, errors.decode()
    return process.returncode, json.loads(output)


@pytest.mark.real_time
async def test_four_peers_get_their_states_for_twenty_seconds(tmp_path: Path) -> None:
    file, page = tmp_path / "result.json", tmp_path / "result.html"

    status, summary = await run_loadtest("--out", str(file), "--html", str(page))

    assert (status, summary["passed"], summary["misses"]) == (0, True, [])
    assert summary["peers"] == 4
    assert summary["states_due"] >= 4 * 19
    assert summary["states_received"] >= 0.9 * summary["states_due"]
    assert summary["accuracy"] >= 0.8
    assert summary["p50_ms"] <= summary["p95_ms"] <= summary["p99_ms"]
    result = decode_result(file.read_bytes())
    assert result.scenario == open_scenario("short")[0]
    assert all(session.received > 0 for session in result.sessions)
    assert all({"face", "voice"} <= session.modalities.keys() for session in result.sessions)
    assert any("text" in session.modalities for session in result.sessions)
    assert len(result.seconds) == 22
    assert any(sample.sessions == 4 and sample.cpu_cores for sample in result.server)
    assert "Load test short: " in page.read_text(encoding="utf-8")


@pytest.mark.real_time
async def test_a_threshold_that_is_missed_is_the_exit_status(tmp_path: Path) -> None:
    shutil.copy(PORTRAIT, tmp_path / "clip.webm")
    (tmp_path / "clip.toml").write_text('[[spans]]\nstart = 0\nend = 12\nlabel = "sad"\n')
    hard = tmp_path / "hard.toml"
    hard.write_text(
        'name = "hard"\npeers = 1\nseconds = 7\nclip = "clip.webm"\n'
        "[thresholds]\nlost_sessions = 0\naccuracy = 0.1\n"
    )

    async with running_server() as server:
        status, summary = await run_loadtest("--scenario", str(hard), "--url", server.url)

    assert (status, summary["passed"]) == (1, False)
    (miss,) = summary["misses"]
    # The face smiles all the time.
    assert summary["states_judged"] > 0
    assert miss == {"threshold": "accuracy", "wanted": 0.1, "measured": 0.0}


@pytest.mark.parametrize("name", shipped())
def test_shipped_scenarios_are_named_as_their_files(name: str) -> None:
    scenario, folder = open_scenario(name)

    assert scenario.name == name
    assert (folder / f"{name}.toml").is_file()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--peers", "0"), "peers"),
        (("--peers", "2", "--partners", "3"), "partners"),
        (("--joins-per-minute", "3"), "mean_stay_seconds"),
        (("--scenario", "nowhere"), "capacity"),
        (("--network", "carrier-pigeon"), "carrier-pigeon"),
    ],
)
def test_a_scenario_that_cannot_be_played_is_a_usage_error(
    arguments: tuple[str, ...], named: str
) -> None:
    outcome = CliRunner().invoke(loadtest, ["--url", "http://127.0.0.1:9", *arguments])

    assert outcome.exit_code == 2
    assert named in outcome.stderr


def test_a_server_that_is_not_there_is_said() -> None:
    outcome = CliRunner().invoke(loadtest, ["--url", "http://127.0.0.1:9"])

    assert outcome.exit_code == 1
    assert "127.0.0.1:9" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_fault_that_is_unknown_is_named_before_anything_starts() -> None:
    outcome = CliRunner().invoke(loadtest, ["--chaos", "worker,flood"])

    assert outcome.exit_code == 2
    assert "`chaos`: there is no fault 'flood'" in outcome.stderr


def test_faults_are_done_to_a_server_that_is_started_for_them() -> None:
    with_address = ["--chaos", "pause", "--url", "http://127.0.0.1:9"]
    outcome = CliRunner().invoke(loadtest, with_address)

    assert outcome.exit_code == 2
    assert "a server that the load test starts" in outcome.stderr
