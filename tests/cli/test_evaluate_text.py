"""``esapr models evaluate text-…``: figures of the shipped files on the lines they are given."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from esapr.cli.models import models
from esapr.inference.cards import ModelCard
from esapr.models_onnx import ROOT
from tests.programs import missing

HAPPY, ANGRY = "I love this, thank you so much!", "I am so angry at you right now"
PLAIN = "The meeting is at three in room four."


def write(folder: Path, name: str, column: str, *rows: tuple[str, str, str]) -> None:
    """Write rows of split, text and labels."""
    names = ("split", "text", column)
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    parquet.write_table(pa.table(columns), folder / name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(
        tmp_path,
        "goemotions.parquet",
        "labels7",
        ("train", "nothing of this counts", "sad"),
        ("dev", HAPPY, "happy"),
        ("dev", ANGRY, "angry"),
        ("test", HAPPY, "happy"),
        ("test", ANGRY, "angry"),
        ("test", PLAIN, "sad"),
        ("test", f"{ANGRY} again", "angry|sad"),
    )
    write(
        tmp_path,
        "xed_en.parquet",
        "labels8",
        ("dev", "nothing of this counts", "anger"),
        ("test", HAPPY, "joy"),
        ("test", "An omen .", "anticipation"),
    )
    return tmp_path


def evaluate(name: str, folder: Path) -> dict[str, Any]:
    outcome = CliRunner().invoke(models, ["evaluate", name, "--data", str(folder), "--json"])
    assert outcome.exit_code == 0, outcome.output
    answer: dict[str, Any] = json.loads(outcome.stdout)
    return answer


def test_one_label_or_several_are_counted_apart(data: Path) -> None:
    answer = evaluate("text-expression", data)

    assert (answer["lines"], answer["lines_single"]) == (4, 3)
    assert answer["accuracy_single"] == pytest.approx(2 / 3)
    # Of seven classes, happy and angry are met and neutral is named once too often.
    assert answer["macro_f1_single"] == pytest.approx(2 / 7)
    assert 1 / 7 < answer["macro_f1"] <= 2 / 7
    assert 0 < answer["ece"] < 1
    assert answer["ms_per_item"] > 0
    assert (answer["xed"]["lines"], answer["xed"]["accuracy_single"]) == (1, 1.0)


def test_english_that_is_refused_is_counted(data: Path) -> None:
    answer = evaluate("text-language", data)

    assert (answer["english_lines"], answer["english_refused"]) == (6, 0.0)
    assert answer["others_found"] > 0.9


def test_without_what_reads_the_data_it_says_what_to_install(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    outcome = CliRunner().invoke(models, ["evaluate", "text-expression", "--data", str(data)])

    assert outcome.exit_code == 1
    assert "pip install 'esapr[evaluation]'" in outcome.output


def test_a_folder_without_the_set_is_named(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(models, ["evaluate", "text-expression", "--data", str(tmp_path)])

    assert outcome.exit_code == 2
    assert "goemotions.parquet" in outcome.output


@pytest.mark.long
def test_the_card_states_what_the_shipped_file_measures() -> None:
    folder = Path(os.environ.get("ESAPR_DATA", "../shared/data")) / "text"
    if not folder.is_dir():
        missing("GoEmotions and XED, in the folder text/ of ESAPR_DATA")
    card = ModelCard.read(ROOT / "text_expression").metrics

    answer = evaluate("text-expression", folder)

    single, other = card["goemotions_test"], card["xed_test"]
    assert answer["accuracy_single"] == pytest.approx(single["accuracy"], abs=0.003)
    assert answer["macro_f1_single"] == pytest.approx(single["macro_f1"], abs=0.003)
    assert answer["ece"] == pytest.approx(single["ece_15_bins"], abs=0.003)
    several = card["goemotions_test_multi_label"]["macro_f1"]
    assert answer["macro_f1"] == pytest.approx(several, abs=0.005)
    assert answer["xed"]["macro_f1_single"] == pytest.approx(other["macro_f1"], abs=0.003)
