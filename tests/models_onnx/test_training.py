"""The one command that rebuilds a model."""

import re
from importlib.util import find_spec
from pathlib import Path

from esapr import models_onnx
from esapr.models_onnx.training.__main__ import STEPS
from esapr.models_onnx.training.face.ancestor.reported import ACCURACY
from esapr.models_onnx.training.voice.ancestor.reported import ACCURACY as VOICES


def test_every_shipped_model_can_be_rebuilt() -> None:
    assert STEPS.keys() == models_onnx.folders().keys()


def test_every_step_is_a_module_that_can_be_run() -> None:
    for steps in STEPS.values():
        for module, *_ in steps:
            assert find_spec(f"esapr.models_onnx.training.{module}")


def test_every_row_of_the_ancestor_is_in_the_table_with_what_it_reported() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/models.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| ([\d.]+|none)(?: %)? \|", page, re.MULTILINE))
    reported = {row: "none" if share is None else f"{share}" for row, share in ACCURACY.items()}
    assert rows.items() >= reported.items()


def test_both_splits_of_the_ancestors_voice_rows_are_in_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/models.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `(\w+)` \|[^|]*\| (\d+\.\d) % \|", page, re.MULTILINE)
    assert {(row, float(share)) for row, share in found} >= set(VOICES.items())
