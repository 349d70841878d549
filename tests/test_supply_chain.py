"""What is shipped loads no code from data, and only data that is known."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from esapr import models_onnx
from esapr.inference.cards import HashMismatchError, MissingFileError, ModelCard
from esapr.inference.models import Model
from esapr.inference.text.expression import read_tokenizer

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FOLDERS = (
    *("cli", "client", "cluster", "inference", "load_tests", "models_onnx", "protocol", "server"),
)
# Whoever can write to what these read can have any code run.
RUN_WHAT_THEY_READ = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
# A pipe to a process that the server itself starts, which nobody else can open.
MEASURES = "models_onnx/training/face/ancestor/rows.py"
"""Writes a trained model, to say how large it is, and reads none."""
PIPES = {"inference/processes.py", "inference/worker_process.py"}


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    # Below this folder there are other people's packages only.
    paths = [*(ROOT / "web_client").glob("*.py")]
    for folder in FOLDERS:
        paths += sorted((ROOT / folder).rglob("*.py"))
    return [
        (path.relative_to(ROOT).as_posix(), node)
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    return {(node.module or "").split(".")[0]} if isinstance(node, ast.ImportFrom) else set()


def calls() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every call: its file, what is called, and its arguments by name as they are written."""
    for file, node in nodes():
        if isinstance(node, ast.Call):
            named = {each.arg: ast.unparse(each.value) for each in node.keywords if each.arg}
            yield file, ast.unparse(node.func), named


def test_nothing_is_unpickled() -> None:
    assert {file for file, node in nodes() if imported(node) & RUN_WHAT_THEY_READ} == {MEASURES}
    assert {call[1] for call in calls() if call[1].startswith("pickle.")} == {"pickle.dumps"}
    assert {file for file, node in nodes() if "multiprocessing" in imported(node)} == PIPES
    assert [call for call in calls() if call[2].get("allow_pickle", "False") != "False"] == []
    assert [call for call in calls() if call[1].endswith("read_pickle")] == []
    loads = [call for call in calls() if call[1] == "torch.load"]
    assert loads
    assert [call for call in loads if call[2].get("weights_only") != "True"] == []


def test_nothing_that_is_read_is_evaluated() -> None:
    run = {"eval", "exec", "compile", "yaml.load", "os.system", "os.popen"}
    assert [call for call in calls() if call[1] in run] == []
    assert [call for call in calls() if call[2].get("shell") == "True"] == []


def test_a_graph_that_was_exchanged_is_not_loaded(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(models_onnx.folders()["voice_activity"], tmp_path / "model"))
    card = ModelCard.read(folder)
    assert card.graph() == card.path.read_bytes()
    with card.path.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(HashMismatchError, match=r"model\.onnx"):
        Model(card)
    card.path.unlink()
    with pytest.raises(MissingFileError, match=r"model: model\.onnx: No such file"):
        Model(card)


def test_a_tokenizer_that_was_exchanged_is_not_loaded(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(models_onnx.folders()["text_expression"], tmp_path / "model"))
    words = folder / "tokenizer.json"
    words.write_bytes(words.read_bytes().replace(b'"happy"', b'"angry"', 1))
    with pytest.raises(HashMismatchError, match=r"tokenizer\.json"):
        read_tokenizer(ModelCard.read(folder))


def test_what_lies_beside_a_model_is_on_its_card() -> None:
    known = {"model.onnx", "model.toml", "CARD.md", "parity.npz"}
    for folder in models_onnx.folders().values():
        beside = {path.name for path in folder.iterdir() if path.is_file()} - known
        assert beside == set(ModelCard.read(folder).files), folder.name


def test_the_runtime_keeps_no_record_and_reports_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    places = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp")}
    load = (
        "from esapr import models_onnx; from esapr.inference.cards import ModelCard; "
        "from esapr.inference.models import Model; "
        "Model(ModelCard.read(models_onnx.folders()['voice_activity'])).warm_up()"
    )
    subprocess.run([sys.executable, "-c", load], env={**os.environ, **places}, check=True)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.slow
def test_the_bill_of_materials_names_what_the_server_needs(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    subprocess.run(
        [
            *(sys.executable, "-m", "cyclonedx_py", "environment"),
            *("--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"),
            *("--output-file", str(bill), sys.executable),
        ],
        check=True,
    )
    document = json.loads(bill.read_text(encoding="utf-8"))
    assert document["bomFormat"] == "CycloneDX"
    purls = {component.get("purl", "") for component in document["components"]}
    needed = {re.split(r"[<>=\[]", each)[0] for each in PROJECT["dependencies"]}
    named = {purl.removeprefix("pkg:pypi/").partition("@")[0] for purl in purls}
    assert needed - {name.replace("_", "-") for name in named} == set()
    assert "file://" not in bill.read_text(encoding="utf-8")
