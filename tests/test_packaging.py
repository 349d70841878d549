"""What is shipped is what is in the tree, installs alone and serves."""

import json
import re
import signal
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.wheels import pins, run

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
LOCKS = (
    "requirements.lock",
    "requirements-asr.lock",
    "requirements-cluster.lock",
    "requirements-gpu.lock",
    "requirements-train.lock",
)


def folders_with_code() -> set[str]:
    tops = [ROOT / folder for folder in SETUPTOOLS["package-dir"].values()]
    return {
        f"esapr.{path.parent.relative_to(ROOT).as_posix().replace('/', '.')}"
        for top in tops
        for path in top.rglob("*.py")
        if "node_modules" not in path.parts
    }


def test_the_package_list_is_the_tree() -> None:
    assert set(SETUPTOOLS["packages"]) == folders_with_code()


def test_every_package_has_an_init_file() -> None:
    bare = {
        package
        for package in SETUPTOOLS["packages"]
        if not (ROOT / package.removeprefix("esapr.").replace(".", "/") / "__init__.py").is_file()
    }
    assert bare == set()


def test_every_top_level_package_is_mapped_to_its_folder() -> None:
    tops = {package for package in SETUPTOOLS["packages"] if package.count(".") == 1}
    assert SETUPTOOLS["package-dir"] == {top: top.removeprefix("esapr.") for top in tops}


def requirement_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ]", requirement, maxsplit=1)[0] for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert not re.search(r"://|@ |^-", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_one_onnx_runtime(lock: str) -> None:
    runtimes = [name for name in pins(lock) if name in ("onnxruntime", "onnxruntime-gpu")]
    assert runtimes == (["onnxruntime-gpu"] if "gpu" in lock else ["onnxruntime"])


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_direct_dependency(lock: str) -> None:
    named = requirement_names(PROJECT["project"]["dependencies"])
    runtime = {"onnxruntime"} if "gpu" in lock else set()
    assert named - runtime <= pins(lock).keys()


def test_the_lock_of_speech_to_text_adds_to_the_base_lock() -> None:
    asr = pins("requirements-asr.lock")

    assert pins("requirements.lock").items() <= asr.items()
    assert requirement_names(PROJECT["project"]["optional-dependencies"]["asr"]) <= asr.keys()


def test_the_cluster_lock_adds_to_the_base_lock() -> None:
    """`make test` installs it over `make setup`: neither may undo the other."""
    cluster = pins("requirements-cluster.lock")

    assert pins("requirements.lock").items() <= cluster.items()
    assert {"ray", "nats-py"} <= cluster.keys()


@pytest.mark.slow
def test_the_gpu_lock_resolves() -> None:
    report = json.loads(
        run(
            *(sys.executable, "-m", "pip", "--quiet", "install", "--dry-run", "--no-deps"),
            *("--ignore-installed", "--report", "-", "-r", ROOT / "requirements-gpu.lock"),
            PYTHONPATH="",  # pip asks the index of packages
        )
    )
    resolved = {package["metadata"]["name"] for package in report["install"]}

    assert "onnxruntime-gpu" in resolved
    assert "onnxruntime" not in resolved


CLIENT = tomllib.loads((ROOT / "client/pyproject.toml").read_text(encoding="utf-8"))


def test_the_client_is_the_same_release_and_needs_nothing_that_the_server_does_not() -> None:
    assert CLIENT["project"]["version"] == PROJECT["project"]["version"]
    assert set(CLIENT["project"]["dependencies"]) <= set(PROJECT["project"]["dependencies"])
    assert requirement_names(CLIENT["project"]["dependencies"]) == {"msgspec", "websockets"}
    packages = CLIENT["tool"]["setuptools"]["packages"]
    assert set(packages) == {
        package
        for package in SETUPTOOLS["packages"]
        if package.startswith(("esapr.client", "esapr.protocol"))
    }


@pytest.mark.slow
def test_the_client_installs_alone_and_runs_its_imports(tmp_path: Path) -> None:
    run("make", "--silent", "-C", ROOT, "-o", "setup", "client-wheel", f"DIST={tmp_path}")
    (built,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "clean", with_pip=True)
    python = tmp_path / "clean/bin/python"
    run(python, "-m", "pip", "--quiet", "install", built, PYTHONPATH="")
    there = json.loads(run(python, "-m", "pip", "list", "--format", "json"))
    assert {package["name"] for package in there} - {"pip", "setuptools"} == {
        "esapr-client",
        "msgspec",
        "websockets",
    }
    quick_start = (ROOT / "docs/how-to/quick-start-python.md").read_text(encoding="utf-8")
    imports = re.findall(r"^(?:from|import) .*", quick_start, re.MULTILINE)[:2]
    run(python, "-I", "-c", "\n".join(imports))


def tracked(*patterns: str) -> set[str]:
    return set(run("git", "-C", ROOT, "ls-files", "--", *patterns).split())


@pytest.mark.slow
def test_the_wheel_carries_every_tracked_file_of_the_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    wanted = tracked(*(f"{folder}/**.py" for folder in SETUPTOOLS["package-dir"].values()))
    wanted |= tracked("models_onnx/*/model.*", "models_onnx/*/*.npz", "models_onnx/*/CARD.md")
    wanted |= tracked("models_onnx/*/*.json", "models_onnx/*/*.ftz")
    wanted |= tracked("inference/*.toml")
    wanted |= tracked("load_tests/clips/*", "**/py.typed")
    wanted |= {path.relative_to(ROOT).as_posix() for path in built_pages()}

    assert {f"esapr/{path}" for path in wanted} - shipped == set()


def built_pages() -> list[Path]:
    return [path for path in (ROOT / "web_client/static").rglob("*") if path.is_file()]


@pytest.mark.slow
def test_the_installed_commands_run(installed: Path, tmp_path: Path) -> None:
    version = run(installed / "esapr", "--version", PYTHONSAFEPATH="1")
    verified = run(installed / "esapr", "models", "verify", PYTHONSAFEPATH="1")

    assert PROJECT["project"]["version"] in version
    for card in (ROOT / "models_onnx").glob("*/model.toml"):
        assert card.parent.name in verified


@contextmanager
def serving(command: Path) -> Iterator[str]:
    """Start the server on a free port; give its address once it says so."""
    process = subprocess.Popen(
        [command, "serve", "--port", "0"],
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield next(
            found[0]
            for line in process.stdout or ()
            if (found := re.search(r"http://[\w.]+:\d+", line))
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.mark.slow
def test_the_installed_server_answers(installed: Path) -> None:
    with serving(installed / "esapr") as address:
        health = urlopen(f"{address}/healthz").status
        page = urlopen(f"{address}/").read().decode()

    assert health == 200
    assert "<title>" in page
