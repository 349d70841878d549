"""What the image runs, without an engine: a read-only system, a user without rights."""

import asyncio
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from esapr.client import Client, consent
from tests.docker import dockerfile
from tests.programs import missing, program
from tests.serving import NOTICE_VERSION

pytestmark = [pytest.mark.real_time, pytest.mark.slow]

FOLDER = Path(__file__).parent
IMAGE = dockerfile.read(FOLDER.parents[1] / "docker/Dockerfile")
USER = int(IMAGE.last("USER").partition(":")[0])


@dataclass(frozen=True)
class Container:
    """Where the image's programs are, its one volume, and what its variables are set to."""

    programs: Path
    root: Path
    volume: Path
    port: int

    async def start(self, *command: str) -> Process:
        """Run a command of the image as its user."""
        here = str(self.programs.parent)
        environment = {
            name: value.replace("/opt/esapr", here) for name, value in IMAGE.environment().items()
        }
        return await asyncio.create_subprocess_exec(
            *("unshare", "--mount", "sh", FOLDER / "container.sh", self.root, self.volume),
            *({here, sys.base_prefix} - {"/usr"}),
            *("--", *command),
            env=environment | {"ESAPR_PORT": str(self.port)},
            stdout=PIPE,
            stderr=STDOUT,
        )

    async def run(self, *command: str) -> tuple[int | None, str]:
        """Return the exit status of a command and what it printed."""
        process = await self.start(*command)
        output, _ = await process.communicate()
        return process.returncode, output.decode()


@pytest.fixture
def container(installed: Path, tmp_path: Path) -> Container:
    program("unshare", "util-linux")
    program("setpriv", "util-linux")
    if os.geteuid() != 0:
        missing("root, who alone can become another user")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root, volume = tmp_path / "root", tmp_path / "state"
    # The folders that pytest makes are open to their owner alone.
    installed.parent.chmod(0o755)
    root.mkdir()
    volume.mkdir(mode=0o700)
    os.chown(volume, USER, USER)
    return Container(installed, root, volume, port)


@asynccontextmanager
async def serving(container: Container) -> AsyncIterator[None]:
    """Run what the image runs, until its own check finds it well."""
    process = await container.start(*IMAGE.command())
    try:
        async with asyncio.timeout(60):
            while (await container.run(*IMAGE.health()))[0]:
                assert process.returncode is None, (await process.communicate())[0].decode()
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output


async def test_a_user_without_rights_serves_a_session_from_a_read_only_system(
    container: Container,
) -> None:
    status, printed = await container.run(*IMAGE.entrypoint(), "keys", "create", "clinic")
    assert status == 0, printed
    key = re.findall(r"^esapr_\w+$", printed, re.MULTILINE)[0]
    receipt = consent("anna", text_version=NOTICE_VERSION, method="test", covers=["records"])

    async with serving(container):
        address = f"http://127.0.0.1:{container.port}"
        async with (
            Client(address, key=key) as esapr,
            esapr.session(consent=receipt, purpose="telehealth", jurisdiction="DE") as session,
        ):
            await session.send_text("Thank you, I love it!")
            state = await anext(state async for state in session.states() if state.fused)

    assert state.fused is not None
    assert state.fused.label == "happy"
    owners = {path.stat().st_uid for path in container.volume.rglob("*")}
    assert owners == {USER}
    kept = {path.name for path in container.volume.iterdir() if not path.name.startswith(".")}
    assert {"audit", "keys.json", "records.db", "records.key", "signing_keys.json"} <= kept


async def test_without_a_key_it_says_what_to_do(container: Container) -> None:
    status, printed = await container.run(*IMAGE.command())

    assert status == 1
    assert "esapr keys create" in printed


async def test_the_system_around_it_cannot_be_written(container: Container) -> None:
    """What the first test shows means something: there is no other place to write to."""
    probe = (
        "import os, pathlib, sys\n"
        "open('/var/lib/esapr/probe', 'w').close()\n"
        "for place in ('/', '/tmp', '/usr', '/etc', '/dev', '/var/lib', sys.prefix):\n"
        "    assert not os.access(place, os.W_OK), place\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "lines = [line for line in status.splitlines() if line[:3] in ('Cap', 'NoN')]\n"
        "print(os.getuid(), sys.prefix, lines)\n"
    )
    status, printed = await container.run("python", "-c", probe)

    assert status == 0, printed
    assert printed.startswith(f"{USER} {container.programs.parent} ")
    assert set(re.findall(r"Cap\w+:\\t(\w+)", printed)) == {"0" * 16}
    assert "NoNewPrivs:\\t1" in printed
