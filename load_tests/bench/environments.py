"""Throw-away environments for the other systems: one folder each, made anew when pins change."""

import asyncio
import shutil
import venv
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
INSTALL_SECONDS = 900.0

_TENSORFLOW = "tensorflow-cpu==2.21.0"
# fer imports no more of its requirements than these; the others bring PyTorch and MoviePy.
_FER_NEEDS = ("opencv-python-headless<5", "pillow", "requests", "setuptools<81")
_FER = ("--no-deps", "fer==25.10.3")


class InstallError(Exception):
    """An environment cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Rival:
    """Another system: ``installs`` are the arguments of one package-manager call each."""

    name: str
    installs: tuple[tuple[str, ...], ...]
    node: bool = False

    def command(self, folder: Path) -> tuple[str, ...]:
        """Return what runs it from ``folder``, the arguments of the contract to follow."""
        if self.node:
            return ("node", str(HERE / "human.mjs"), str(folder))
        return (str(folder / "bin" / "python"), str(HERE / "contestant.py"), self.name)


RIVALS = (
    Rival("fer", ((_TENSORFLOW, *_FER_NEEDS), _FER)),
    Rival(
        "mediapipe_fer",
        (
            ("mediapipe==0.10.21", "numpy<2", "tensorflow-cpu==2.18.1", *_FER_NEEDS[1:]),
            _FER,
        ),
    ),
    Rival(
        "human",
        (
            (
                "@vladmandic/human@3.3.6",
                "@tensorflow/tfjs-core@4.22.0",
                "@tensorflow/tfjs-converter@4.22.0",
                "@tensorflow/tfjs-backend-wasm@4.22.0",
            ),
        ),
        node=True,
    ),
    Rival("ancestor", (("dlib-bin==20.0.1.post1", _TENSORFLOW, *_FER_NEEDS), _FER)),
)


async def prepare(rival: Rival, root: Path) -> Path:
    """Return the folder of ``rival`` under ``root``, installed if it is not there yet.

    Raises:
        InstallError: it cannot be installed.
    """
    folder = root / rival.name
    pins = "\n".join(" ".join(install) for install in rival.installs)
    stamp = folder / "installed.txt"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == pins:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for install in rival.installs:
        if rival.node:
            await _run("npm", "install", "--prefix", str(folder), *_NPM, *install)
        else:
            python = folder / "bin" / "python"
            if not python.exists():
                await asyncio.to_thread(venv.create, folder, with_pip=True)
            await _run(str(python), "-m", "pip", "install", "--quiet", *install)
    stamp.write_text(pins, encoding="utf-8")
    return folder


# Scripts of these packages would fetch native libraries that the WebAssembly build does not use.
_NPM = ("--no-audit", "--no-fund", "--ignore-scripts")


async def _run(*command: str) -> None:
    if shutil.which(command[0]) is None:
        raise InstallError(f"{command[0]} is not installed")
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=PIPE)
    try:
        async with asyncio.timeout(INSTALL_SECONDS):
            _, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise InstallError(f"not installed within {INSTALL_SECONDS:.0f} s") from None
    if process.returncode:
        last = (errors.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        raise InstallError(f"{Path(command[0]).name} failed: {last}")
