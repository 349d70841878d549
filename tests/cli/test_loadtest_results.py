import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from esapr.cli.loadtest import loadtest
from esapr.load_tests.result import Result as Run
from esapr.load_tests.result import encode_result
from tests.load_tests.reports.runs import SCENARIO, run


def file(path: Path, kept: Run) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encode_result(kept))
    return str(path)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(loadtest, arguments)


def test_two_folders_of_runs_are_compared(tmp_path: Path) -> None:
    for name, p95s in (("before", (600, 610, 620)), ("after", (700, 710, 720))):
        for number, p95 in enumerate(p95s):
            file(tmp_path / name / f"{number}.json", run(p95_ms=p95))
    sides, page = (str(tmp_path / "before"), str(tmp_path / "after")), tmp_path / "page.html"

    words = invoke("compare", *sides, "--html", str(page))
    answer = json.loads(invoke("compare", *sides, "--json").stdout)

    assert words.exit_code == 0
    assert "3 runs against 3" in words.stdout
    assert answer["figures"]["p95_ms"]["verdict"] == "worse"
    assert "Load tests compared" in page.read_text(encoding="utf-8")


def test_another_load_is_no_comparison(tmp_path: Path) -> None:
    a = file(tmp_path / "a.json", run())
    b = file(tmp_path / "b.json", run(replace(SCENARIO, peers=4)))

    outcome = invoke("compare", a, b)

    assert outcome.exit_code == 1
    assert "not the same load: `peers` is 16 and 4" in outcome.stderr


@pytest.mark.parametrize("content", ["{}", "no JSON", '{"version": 99}'])
def test_a_file_that_is_no_run_is_named(tmp_path: Path, content: str) -> None:
    strange = tmp_path / "strange.json"
    strange.write_text(content)

    outcome = invoke("compare", str(strange), str(strange))

    assert outcome.exit_code == 1
    assert f"{strange}: no result of a load test" in outcome.stderr


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    outcome = invoke("compare", str(tmp_path), str(tmp_path))

    assert (outcome.exit_code, "holds no .json file" in outcome.stderr) == (1, True)


def test_a_page_is_made_of_a_run_beside_a_clean_one(tmp_path: Path) -> None:
    lossy = file(tmp_path / "lossy.json", run(accuracy=0.95))
    clean = file(tmp_path / "clean.json", run(accuracy=0.96))
    page, picture = tmp_path / "page.html", tmp_path / "page.svg"
    files = ("--html", str(page), "--svg", str(picture))

    assert invoke("draw", lossy, *files, "--beside", clean).exit_code == 0

    assert "points apart" in page.read_text(encoding="utf-8")
    drawn = ElementTree.parse(picture).getroot()
    assert drawn.get("aria-label") == "capture to arrival, ms; states a second"


def test_a_curve_needs_steps_that_ascend() -> None:
    outcome = invoke("curve", "--steps", "4,2")

    assert (outcome.exit_code, "ascending" in outcome.stderr) == (2, True)


def test_a_curve_of_a_scenario_that_cannot_be_played_is_a_usage_error() -> None:
    outcome = invoke("curve", "--seconds", "1", "--url", "http://127.0.0.1:9")

    assert (outcome.exit_code, "seconds" in outcome.stderr) == (2, True)
