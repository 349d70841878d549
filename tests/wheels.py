"""What is shipped, built and installed once for all tests that want it."""

import fcntl
import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, **environ: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environ}
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return done.stdout


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)$", text, re.MULTILINE))


def made_once(folder: Path, make: Callable[[Path], Path]) -> Path:
    """Return what ``make`` leaves in ``folder``, from whichever process of the run comes first.

    Two builds of one tree at a time would get in each other's way.
    """
    note = folder.with_name(f"{folder.name}.made")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            note.write_text(str(make(folder)))
        return Path(note.read_text())


def build_wheel(folder: Path) -> Path:
    """Build the wheel from the source distribution."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def install(wheel: Path, folder: Path) -> Path:
    """Return the ``bin`` folder of a new environment: the wheel and what the lock names.

    The index of packages is the one place that tests reach for.
    """
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    needed = folder / "constraints.txt"
    needed.write_text("".join(f"{k}=={v}\n" for k, v in pins("requirements.lock").items()))
    run(
        python,
        "-m",
        "pip",
        "--quiet",
        "install",
        "--no-compile",
        "--constraint",
        needed,
        wheel,
        PYTHONPATH="",
    )
    return folder / "bin"
