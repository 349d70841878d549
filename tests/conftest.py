"""Every async test runs on a virtual clock, and none may leave a task behind."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import tests.offline.sitecustomize as offline
from tests.virtual_clock import VirtualClockLoop, real_loop
from tests.wheels import build_wheel, install, made_once

# Some tests load ONNX Runtime before our code can keep it from reporting to its makers.
os.putenv("ORT_DISABLE_TELEMETRY", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a long run try more."""
    parser.addoption("--long", action="store_true", help="run the tests that take minutes, too")
    parser.addoption("--fuzz-cases", type=int, default=200, help="cases a test of tests/fuzz tries")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what takes minutes."""
    if item.get_closest_marker("long") and not item.config.getoption("--long"):
        pytest.skip("takes minutes; run with --long")


@pytest.fixture
def fuzz_cases(request: pytest.FixtureRequest) -> int:
    """How many cases to try."""
    count: int = request.config.getoption("--fuzz-cases")
    return count


@pytest.fixture(autouse=True, scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let servers that a test starts keep nothing in the home folder."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ESAPR_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True, scope="session")
def reached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file that names what this process, or one that it starts, reached for in vain."""
    file = tmp_path_factory.mktemp("network") / "reached"
    file.touch()
    path = os.pathsep.join(
        part for part in (str(Path(offline.__file__).parent), os.environ.get("PYTHONPATH")) if part
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ESAPR_TESTS_REACHED", str(file))
        patched.setenv("PYTHONPATH", path)
        yield file


@pytest.fixture(autouse=True)
def nothing_is_fetched(reached: Path) -> Iterator[None]:
    """Fail a test that wants something of another machine: all that runs is installed."""
    before = reached.stat().st_size
    yield
    if reached.stat().st_size > before:
        with reached.open(encoding="utf-8") as file:
            file.seek(before)
            pytest.fail(f"reached for the network: {file.read()}")


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of the run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def wheel(common: Path) -> Path:
    """The wheel that is shipped."""
    return made_once(common / "dist", build_wheel)


@pytest.fixture(scope="session")
def installed(wheel: Path, common: Path) -> Path:
    """The ``bin`` folder of an environment that holds the wheel and what the lock names."""
    return made_once(common / "clean", lambda folder: install(wheel, folder))


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Simulate time, unless the test is marked ``real_time``."""
    if item.get_closest_marker("real_time"):
        return {"real": real_loop}
    return {"virtual": VirtualClockLoop}


@pytest.fixture(autouse=True)
def no_leaked_tasks(request: pytest.FixtureRequest) -> None:
    """Fail an async test that ends before the tasks it started."""
    if pytest_asyncio.is_async_test(request.node):
        request.getfixturevalue("_no_leaked_tasks")


@pytest_asyncio.fixture
async def _no_leaked_tasks() -> AsyncIterator[None]:
    yield
    leaked = asyncio.all_tasks() - {asyncio.current_task()}
    assert not leaked, f"tasks outlive the test: {leaked}"
