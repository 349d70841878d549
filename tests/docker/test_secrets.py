"""The page on containers makes the secrets: its commands run as printed, and programs take them."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from esapr.server.config import ServerConfig
from esapr.server.records.cipher import Cipher
from esapr.server.records.keyring import read_keys
from tests.cluster.extra import require
from tests.docker import compose
from tests.docs.commands import ROOT, blocks
from tests.programs import program
from tests.server.bus.nats_server import NATS

require("nats")

PAGE = (ROOT / "docs/how-to/run-in-a-container.md").read_text(encoding="utf-8")
CERTIFICATES = "/etc/letsencrypt/live/esapr.example"
# `docker run --rm IMAGE WORD ...` runs the image's program, which is ours.
DOCKER = """#!/bin/sh
test "$1 $2" = "run --rm"
shift 3
exec {python} -c 'from esapr.cli.main import main; main()' "$@"
"""


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    program("openssl", "openssl")
    (tmp_path / "docker").mkdir()
    shim = tmp_path / "bin/docker"
    shim.parent.mkdir()
    shim.write_text(DOCKER.format(python=sys.executable))
    shim.chmod(0o755)
    for name in ("fullchain.pem", "privkey.pem"):
        (tmp_path / name).write_text(name)
    making = [block for block in blocks(PAGE) if "secrets" in block]
    script = "\n".join(["umask 022", *making]).replace(CERTIFICATES, str(tmp_path))
    done = subprocess.run(
        ["sh", "-euc", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return tmp_path / "docker/secrets"


def test_the_page_makes_secrets_that_the_programs_take(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {name for file in compose.FILES for name in compose.read(file)["secrets"]}
    assert {path.name for path in secrets.iterdir()} == expected
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()} == {0o444}

    for name, value in compose.services("compose.yaml")["server"]["environment"].items():
        monkeypatch.setenv(name, value.replace("/run/secrets", str(secrets)))
    monkeypatch.setenv("ESAPR_TURN_URLS", "turn:turn.example:3478?transport=udp")
    monkeypatch.setenv("ESAPR_TRUSTED_PROXIES", "127.0.0.1/32")
    config = ServerConfig.from_environ()
    assert Cipher(read_keys(config)).seal(b"what is kept")
    assert config.database_url
    assert (secrets / "postgres_password").read_text().strip() in config.database_url
    assert f"static-auth-secret={config.turn_secret}\n" in (secrets / "turnserver.conf").read_text()

    subprocess.run([NATS, "-c", secrets / "nats.conf", "-t"], check=True, capture_output=True)
    token = config.nats_url.partition("//")[2].partition("@")[0]
    assert f'token: "{token}"' in (secrets / "nats.conf").read_text()
