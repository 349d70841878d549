"""``esapr audit``: an operator asks whether the log is what the servers wrote."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from esapr.cli.main import main
from esapr.server.trust.audit import Entry
from esapr.server.trust.audit_folder import AuditFolder

ENTRY = Entry(datetime(2026, 11, 23, tzinfo=UTC), "session.opened", "key:1", "s", {})
KEY = "k" * 32


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ESAPR_STATE_DIR", str(tmp_path))
    return tmp_path / "audit"


def write(root: Path, count: int = 4, key: str | None = None) -> None:
    with closing(AuditFolder(root, key.encode() if key else None)) as folder:
        for _ in range(count):
            folder.append(folder.chain.append(ENTRY), folder.chain.head)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments])


def test_a_log_that_nobody_touched_is_sound(audit: Path) -> None:
    write(audit)
    assert (run("verify").exit_code, run("verify").output) == (0, "ok    chain 0\n")


def test_a_line_that_was_changed_is_named(audit: Path) -> None:
    write(audit)
    log = audit / "0/000000.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([lines[0], lines[1].replace(b"key:1", b"key:2"), *lines[2:]]))
    done = run("verify")
    assert done.exit_code == 1
    assert "chain 0, line 2: changed" in done.output
    assert json.loads(run("verify", "--json").output)["0"][0]["line"] == 2


def test_a_head_that_was_kept_finds_a_log_that_was_replaced(audit: Path, tmp_path: Path) -> None:
    write(audit)
    kept = tmp_path / "kept"
    kept.write_text(run("head").output)
    assert run("verify", "--heads", str(kept)).exit_code == 0
    for path in (audit / "0").iterdir():
        path.unlink()
    write(audit, 2)
    assert run("verify").exit_code == 0
    done = run("verify", "--heads", str(kept))
    assert done.exit_code == 1
    assert "truncated" in done.output


def test_a_log_that_was_written_anew_without_the_key_is_found(
    audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(audit, key=KEY)
    monkeypatch.setenv("ESAPR_AUDIT_KEY", KEY)
    assert run("verify").exit_code == 0
    for path in (audit / "0").iterdir():
        path.unlink()
    write(audit)
    assert "line 1: changed" in run("verify").output


def test_a_head_that_is_gone_is_noticed(audit: Path) -> None:
    write(audit)
    (audit / "0/head").unlink()
    assert "the head is missing" in run("verify").output
    assert run("head").exit_code == 1


def test_no_log_is_no_sound_log(audit: Path, tmp_path: Path) -> None:
    done = run("verify")
    assert (done.exit_code, "there is no audit log" in done.output) == (1, True)
    kept = tmp_path / "kept"
    kept.write_text(f"0 3 {'a' * 64}\n")
    assert "the whole chain is gone" in run("verify", "--heads", str(kept)).output
    kept.write_text("nonsense\n")
    assert run("verify", "--heads", str(kept)).exit_code == 2
