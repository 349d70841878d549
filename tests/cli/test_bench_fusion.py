"""``esapr bench fusion``: nothing in it is timed, so figures are tested, on some of the streams."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from click.testing import CliRunner

from esapr.cli.bench import bench
from esapr.inference.signals import Modality

ARGUMENTS = ("fusion", "--streams", "8")


@cache
def printed(*options: str) -> str:
    outcome = CliRunner().invoke(bench, [*ARGUMENTS, *options])
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def test_the_fused_state_is_worth_more_than_each_part() -> None:
    answer: dict[str, Any] = json.loads(printed("--json"))

    rows = {*Modality, "fused_raw", "fused"}
    assert answer.keys() >= rows
    for row in rows:
        assert answer[row].keys() >= {"accuracy", "macro_f1", "ece", "flicker_ratio", "coverage"}
        assert answer[row].keys() >= {"delay_median_s", "delay_p90_s", "brier"}
    assert answer["without"].keys() == set(Modality)
    assert answer["seconds"] == 1_200
    # Of the full streams these are 12 points and a ratio of 1.26; a part of them is coarser.
    assert answer["gain_points"] >= 8
    assert answer["loss_points"] <= 1
    assert answer["fused"]["flicker_ratio"] <= 1.35
    assert answer["fused"]["coverage"] > max(answer[m]["coverage"] for m in Modality)


def test_the_table_says_what_is_met_and_draws_its_curves(tmp_path: Path) -> None:
    drawn = tmp_path / "curves.svg"
    outcome = CliRunner().invoke(bench, ["fusion", "--streams", "1", "--svg", str(drawn)])

    assert outcome.exit_code == 0, outcome.output
    assert "without text" in outcome.stdout
    assert "calibration error: " in outcome.stdout
    assert ElementTree.parse(drawn).getroot().tag.endswith("svg")
