"""The commands on settings of a second or two: what they say, not what they measure."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from esapr import models_onnx
from esapr.cli.bench import bench
from tests.cluster.extra import require

COMMAND = (sys.executable, "-c", "from esapr.cli.main import main; main()", "bench")


async def run_bench(*arguments: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, "--json", stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(120):
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    answer: dict[str, Any] = json.loads(output)
    return answer


@pytest.mark.real_time
async def test_inference_compares_every_model_with_its_scorer() -> None:
    answer = await run_bench("inference", "--seconds", "0.2", "--repetitions", "1")

    assert answer["models"].keys() == models_onnx.folders().keys()
    for model in answer["models"].values():
        assert model["raw_items_s"] > 0
        assert model["scorer_items_s"] > 0
        assert model["ratio"] == pytest.approx(model["scorer_items_s"] / model["raw_items_s"])
        assert model["raw_by_batch"].keys() >= {"1", str(model["raw_batch"])}
        assert model["roofline"]["gflop_s"] > 0
    assert answer["min_ratio"] == min(model["ratio"] for model in answer["models"].values())
    alone = [model["roofline"]["sessions"] for model in answer["models"].values()]
    assert 0 < answer["sessions_a_device"] < min(alone)
    assert answer["machine"]["cores"] > 0


def test_a_table_is_followed_by_the_verdict_and_the_sessions() -> None:
    outcome = CliRunner().invoke(
        bench, ["inference", "--model", "face_detector", "--seconds", "0.1", "--repetitions", "1"]
    )

    assert outcome.exit_code == 0, outcome.output
    assert "face_detector" in outcome.stdout
    assert "target ≥ 0.95" in outcome.stdout
    assert "sessions that one core" in outcome.stdout.splitlines()[-1]


def test_cuda_without_its_build_says_what_is_needed() -> None:
    outcome = CliRunner().invoke(bench, ["inference", "--provider", "cuda"])

    assert outcome.exit_code == 1
    assert "make setup EXTRA=gpu" in outcome.stderr


@pytest.mark.real_time
async def test_session_compares_the_server_with_its_floor() -> None:
    answer = await run_bench("session", "--sessions", "2", "--seconds", "1", "--repetitions", "1")

    assert {"server_cpu_pct", "floor_cpu_pct", "ratio", "rss_mb_per_session"} <= answer.keys()
    parts = answer["parts_pct"]
    assert parts.keys() == {"ingest", "rest", *models_onnx.folders()}
    assert answer["server_cpu_pct"] == pytest.approx(sum(parts.values()))
    assert answer["floor_cpu_pct"] == pytest.approx(sum(parts.values()) - parts["rest"])
    assert parts["ingest"] > 0
    assert parts["face_landmarks"] > 0


@pytest.mark.real_time
async def test_scale_climbs_and_draws_the_curve(tmp_path: Path) -> None:
    picture = tmp_path / "curve.svg"

    answer = await run_bench("scale", "--steps", "1,2", "--seconds", "2", "--svg", str(picture))

    assert [step["sessions"] for step in answer["steps"]] == [1, 2]
    assert answer["saturated_at"] is None
    assert all(step["p50_ms"] <= step["p95_ms"] <= step["p99_ms"] for step in answer["steps"])
    assert all(step["batch_sizes"]["face_expression"] >= 1 for step in answer["steps"])
    assert ElementTree.fromstring(picture.read_text()).tag.endswith("svg")


@pytest.mark.real_time
async def test_scale_counts_what_all_gateways_spend() -> None:
    require("nats")
    arguments = ("scale", "--steps", "2", "--seconds", "2", "--processes", "2", "--voice-only")
    (step,) = (await run_bench(*arguments))["steps"]
    assert step["starved"] == {}
    assert step["server_cores"] > 0.01
    # Two sets of models.
    assert step["memory_mb"] > 400
    assert step["batch_sizes"] == {}


@pytest.mark.parametrize("steps", ["", "a", "0,1", "2,1", "1,1"])
def test_steps_must_ascend(steps: str) -> None:
    outcome = CliRunner().invoke(bench, ["scale", "--steps", steps])

    assert outcome.exit_code == 2
    assert "ascending" in outcome.stderr


@pytest.mark.real_time
async def test_a_rival_that_cannot_be_installed_is_reported(tmp_path: Path) -> None:
    taken = tmp_path / "environments"
    taken.mkdir()
    # pip of an environment that is told to look nowhere finds nothing.
    process = await asyncio.create_subprocess_exec(
        *("env", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=", *COMMAND, "peers", "--rival", "fer"),
        *("--frames", "2", "--repetitions", "1", "--environments", str(taken), "--json"),
        stdout=PIPE,
        stderr=PIPE,
    )
    async with asyncio.timeout(120):
        output, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    answer = json.loads(output)
    assert answer["ours_fps"] > 0
    assert answer["ours"]["found"] == 1.0
    assert answer["peers"]["fer"]["fps"] is None
    assert answer["peers"]["fer"]["reason"].startswith("not installed: ")
    assert answer["ratio_to_best"] is None
    assert "ESAPR_DATA" in answer["accuracy_omitted"]


@pytest.mark.real_time
async def test_every_line_of_many_sessions_is_scored() -> None:
    answer = await run_bench("lines", "--sessions", "10", "--lines", "2", "--rate", "2")

    assert (answer["sent"], answer["scored"]) == (20, 20)
    assert (answer["dropped"], answer["refused"], answer["lost"]) == (0, 0, 0)
    assert answer["infer_p95_ms"] > 0
