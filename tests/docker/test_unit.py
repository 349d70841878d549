"""The unit for systemd, read by systemd itself: well-formed, and with few rights."""

import subprocess
import sys
from pathlib import Path

from tests.programs import program

UNIT = Path(__file__).parents[2] / "docker/systemd/esapr.service"
MOST_EXPOSED = 20
"""Tenths: 0 is sealed off, 100 unrestricted; a service without any restriction has 96."""


def analyze(*words: str | Path) -> None:
    command = (program("systemd-analyze", "systemd"), *words)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # Verify warns, and exits with 0, of settings that it does not know.
    assert UNIT.name not in done.stderr


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    assert "ExecStart=/opt/esapr/bin/esapr serve\n" in text
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("/opt/esapr/bin/esapr", sys.executable))
    analyze("verify", unit)


def test_it_is_exposed_little() -> None:
    analyze("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}", UNIT)
