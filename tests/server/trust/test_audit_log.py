"""The audit log of a server: many write at once, each is told when its line is on disk."""

import asyncio
import os
from pathlib import Path

import pytest

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.metrics import Metrics
from esapr.server.trust.audit import verify
from esapr.server.trust.audit_folder import AuditError, AuditFolder, read_head, read_lines
from esapr.server.trust.audit_log import MAX_WAITING, line, open_audit_log


def failing(_: int) -> None:
    raise OSError("no space left on device")


def sessions(folder: Path) -> list[str]:
    """Return the sessions of a sound log, in its order."""
    head = read_head(folder / "0")
    assert head is not None
    lines = [*read_lines(folder / "0")]
    assert verify(lines, None, [head]) == []
    return [line.split(b'"session":"')[1].split(b'"')[0].decode() for line in lines]


async def test_lines_are_on_disk_when_their_writer_goes_on(tmp_path: Path) -> None:
    async with open_audit_log(tmp_path, None, Metrics()) as audit:
        await audit.write("session.opened", actor="key:1", session="a", purpose="research")
        assert sessions(tmp_path) == ["a"]


async def test_writers_share_one_fsync_and_none_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = MAX_WAITING + 100
    async with open_audit_log(tmp_path, None, Metrics()) as audit:
        synced = []
        fsync = os.fsync
        monkeypatch.setattr(os, "fsync", lambda file: (synced.append(file), fsync(file)))
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(audit.write("token.issued", actor="key:1", session=str(number)))
    assert sessions(tmp_path) == [str(number) for number in range(count)]
    assert len(synced) <= 10


async def test_lines_that_belong_together_share_one_fsync_and_one_fate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = [line("policy.allowed", actor="key:1", session=each) for each in "abc"]
    async with open_audit_log(tmp_path, None, Metrics()) as audit:
        synced = []
        fsync = os.fsync
        monkeypatch.setattr(os, "fsync", lambda file: (synced.append(file), fsync(file)))
        await audit.write_all(opening)
        # That of the log and that of its head.
        assert len(synced) == 2
        monkeypatch.setattr(os, "fsync", failing)
        with pytest.raises(ProtocolError):
            await audit.write_all(opening)
        monkeypatch.setattr(os, "fsync", fsync)
        await audit.write("session.opened", actor="key:1", session="d")
    assert sessions(tmp_path) == ["a", "b", "c", "d"]


async def test_what_waits_is_written_before_the_log_closes(tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group, open_audit_log(tmp_path, None, Metrics()) as audit:
        for name in "ab":
            group.create_task(audit.write("session.opened", actor="key:1", session=name))
        await asyncio.sleep(0)
    assert sessions(tmp_path) == ["a", "b"]


async def test_a_writer_that_gives_up_does_not_break_the_others(tmp_path: Path) -> None:
    async with open_audit_log(tmp_path, None, Metrics()) as audit, asyncio.TaskGroup() as group:
        leaves = group.create_task(audit.write("session.opened", actor="key:1", session="a"))
        stays = group.create_task(audit.write("session.opened", actor="key:1", session="b"))
        await asyncio.sleep(0)
        leaves.cancel()
        await stays
    assert sessions(tmp_path) == ["a", "b"]


async def test_a_disk_that_fails_is_said_and_the_log_goes_on_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = Metrics()
    async with open_audit_log(tmp_path, None, metrics) as audit:
        await audit.write("session.opened", actor="key:1", session="a")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", failing)
            with pytest.raises(ProtocolError) as refused:
                await audit.write("session.opened", actor="key:1", session="b")
        assert refused.value.code is ErrorCode.INTERNAL
        await audit.write("session.opened", actor="key:1", session="c")
    assert sessions(tmp_path) == ["a", "c"]
    assert b"esapr_audit_failures_total 1.0" in metrics.text()


async def test_a_torn_line_is_noted_at_the_next_start(tmp_path: Path) -> None:
    async with open_audit_log(tmp_path, None, Metrics()) as audit:
        await audit.write("session.opened", actor="key:1")
    with (tmp_path / "0/000000.jsonl").open("ab") as file:
        file.write(b"{")
    async with open_audit_log(tmp_path, None, Metrics()):
        pass
    *_, last = read_lines(tmp_path / "0")
    assert b'"event":"audit.repaired"' in last
    assert b'"bytes":"1"' in last


async def test_a_log_that_was_tampered_with_is_not_continued(tmp_path: Path) -> None:
    AuditFolder(tmp_path, None).close()
    (tmp_path / "0/head").unlink()
    (tmp_path / "0/000000.jsonl").write_bytes(b"{}\n")
    with pytest.raises(AuditError):
        async with open_audit_log(tmp_path, None, Metrics()):
            pass


async def test_people_are_digests(tmp_path: Path) -> None:
    async with open_audit_log(tmp_path, None, Metrics()) as audit:
        ann = audit.person("ann")
    async with open_audit_log(tmp_path, None, Metrics()) as again:
        assert again.person("ann") == ann
        assert "ann" not in ann
