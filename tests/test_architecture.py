"""The shape of the house: who imports whom, how big a file may be, what a thing may be called."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from importlinter.cli import lint_imports_command

ROOT = Path(__file__).parent.parent
PACKAGES = (
    *("cli", "client", "cluster", "inference", "load_tests", "models_onnx", "protocol", "server"),
    "web_client",
)
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
BANNED_NAME = re.compile(
    r"(^|_)(manager|utils?|helpers?|common|misc|base)(_|$)|(Manager|Utils?|Helpers?|Common|Misc|Base)([A-Z_]|$)"
)
# Every broad except needs a reason of its own: docs/decisions/0004.
BROAD_EXCEPTS = {
    "inference/threads.py": 1,
    "inference/worker_process.py": 1,
    "server/analyses/jobs.py": 1,
    "server/sessions/admission.py": 1,
}


def sources(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "node_modules" not in path.parts
    ]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def importers(package: str) -> set[str]:
    """Files that import ``package`` anywhere, also inside functions."""
    return {
        name(path)
        for path in sources(*PACKAGES)
        for node in ast.walk(tree(path))
        if package in {module.split(".")[0] for module in imported(node)}
    }


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_imports_go_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    outcome = CliRunner().invoke(lint_imports_command, ["--no-cache"])

    assert outcome.exit_code == 0, outcome.output


def test_files_are_short() -> None:
    lengths = {
        name(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(*PACKAGES, "tests")
    }
    assert {file: length for file, length in lengths.items() if length > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = {
        f"{name(path)}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in sources(*PACKAGES)
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno + 1 > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_names_say_the_thing() -> None:
    files = {name(path) for path in sources(*PACKAGES, "tests") if BANNED_NAME.search(path.stem)}
    classes = {
        node.name
        for path in sources(*PACKAGES)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef) and BANNED_NAME.search(node.name)
    }
    assert (files, classes) == (set(), set())


def test_one_file_of_the_server_imports_onnx_runtime() -> None:
    serving = {file for file in importers("onnxruntime") if "/training/" not in file}
    # The second one measures the runtime itself.
    assert serving == {"inference/sessions.py", "load_tests/bench/roofline.py"}


def test_one_file_of_the_server_imports_aiortc() -> None:
    server = {file for file in importers("aiortc") if not file.startswith("load_tests/")}
    assert server == {"server/media/webrtc.py"}


def test_one_file_reads_the_environment() -> None:
    readers = {
        name(path)
        for path in sources(*PACKAGES)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert {file for file in readers if "/training/" not in file} == {"server/config.py"}


def test_broad_excepts_are_where_a_decision_puts_them() -> None:
    found: dict[str, int] = {}
    for path in sources(*PACKAGES):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler) and is_broad(node):
                found[name(path)] = found.get(name(path), 0) + 1
    assert found == BROAD_EXCEPTS


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it catches everything and lets nothing through; ``raise`` alone lets through."""
    if any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler)):
        return False
    caught = ast.walk(handler.type) if handler.type else iter(())
    names = {node.id for node in caught if isinstance(node, ast.Name)}
    return handler.type is None or bool(
        names & {"Exception", "BaseException", "ExceptionGroup", "BaseExceptionGroup"}
    )


def test_tasks_start_in_task_groups_only() -> None:
    loose = {
        f"{name(path)}:{node.lineno}"
        for path in sources(*PACKAGES)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("create_task", "ensure_future")
        and ast.unparse(node.func.value) not in task_groups(path)
    }
    assert loose == set()


def task_groups(path: Path) -> set[str]:
    """What ``async with asyncio.TaskGroup() as …`` binds, and a group that was passed in."""
    return {"group", "self._group"} | {
        ast.unparse(item.optional_vars)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.AsyncWith)
        for item in node.items
        if item.optional_vars and ast.unparse(item.context_expr) == "asyncio.TaskGroup()"
    }


def test_tests_mirror_the_tree() -> None:
    beside = {"tests", "tests/wire", "tests/e2e", "tests/fuzz", "tests/offline"}
    folders = {path.parent for path in sources("tests")}
    strangers = {
        name(folder)
        for folder in folders
        if name(folder) not in beside and not (ROOT / folder.relative_to(ROOT / "tests")).is_dir()
    }
    assert strangers == set()


def test_every_package_says_what_it_is() -> None:
    silent = {name(path) for path in sources(*PACKAGES) if not ast.get_docstring(tree(path))}
    assert silent == set()
