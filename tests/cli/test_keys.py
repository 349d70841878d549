"""``esapr keys``, and the bind address that needs one."""

import json
from pathlib import Path

import pytest

from tests.cli.test_serve import run


def test_a_key_is_shown_once_listed_and_revoked(tmp_path: Path) -> None:
    state = {"ESAPR_STATE_DIR": str(tmp_path)}
    made = run("keys", "create", "clinic", "--scope", "sessions", "--scope", "admin", **state)
    assert made.returncode == 0
    key = made.stdout.strip()
    assert str(tmp_path / "keys.json") in made.stderr
    key_id = key.split("_")[1]
    listed = run("keys", "list", **state)
    assert all(word in listed.stdout for word in (key_id, "clinic", "admin sessions"))
    assert key not in listed.stdout
    assert run("keys", "revoke", key_id, **state).returncode == 0
    assert key_id not in run("keys", "list", **state).stdout
    lines = "".join(path.read_text() for path in tmp_path.glob("audit/*/*.jsonl"))
    assert all(event in lines for event in ("key.created", "key.revoked", key_id))
    assert key not in lines
    again = run("keys", "revoke", key_id, **state)
    assert again.returncode == 1
    assert key_id in again.stderr


def test_a_name_that_could_not_name_a_room_is_refused(tmp_path: Path) -> None:
    refused = run("keys", "create", "a.b", ESAPR_STATE_DIR=str(tmp_path))
    assert refused.returncode == 2
    assert "NAME" in refused.stderr


@pytest.mark.parametrize("processes", ["1", "2"])
def test_another_address_than_loopback_wants_a_key_and_says_how(
    tmp_path: Path, processes: str
) -> None:
    command = ("serve", "--host", "0.0.0.0", "--port", "0", "--processes", processes)
    refused = run(*command, ESAPR_STATE_DIR=str(tmp_path))
    assert refused.returncode == 1
    assert "esapr keys create NAME" in refused.stderr
    assert "--host 127.0.0.1" in refused.stderr


def test_another_key_signs_after_a_rotation(tmp_path: Path) -> None:
    state = {"ESAPR_STATE_DIR": str(tmp_path)}
    path = tmp_path / "signing_keys.json"
    said = [run("keys", "rotate-signing", **state).stderr.split()[0] for _ in range(2)]
    kept = [key["kid"] for key in json.loads(path.read_text())["keys"]]
    assert kept == said[::-1]
