"""The chain on disk: what survives a crash, and what a server refuses to continue."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from esapr.server.trust.audit import Entry, Head, verify
from esapr.server.trust.audit_folder import (
    SEGMENT_BYTES,
    AuditError,
    AuditFolder,
    chains,
    read_head,
    read_lines,
)

ENTRY = Entry(datetime(2026, 11, 23, tzinfo=UTC), "session.opened", "key:1", "s", {})
KEY = b"k" * 32


def opened(root: Path, key: bytes | None = None, segment: int = SEGMENT_BYTES) -> Any:
    return closing(AuditFolder(root, key, segment))


def write(folder: AuditFolder, count: int = 1) -> None:
    for _ in range(count):
        folder.append(folder.chain.append(ENTRY), folder.chain.head)


def wrote(root: Path, count: int = 1, key: bytes | None = None) -> Path:
    with opened(root, key) as folder:
        write(folder, count)
    return root / "0"


def last(root: Path) -> Head:
    with opened(root) as folder:
        head: Head = folder.chain.head
        return head


def problems(folder: Path, key: bytes | None = None) -> list[str]:
    head = read_head(folder)
    return [found.kind for found in verify(read_lines(folder), key, [head] if head else [])]


def test_a_second_start_continues_the_chain(tmp_path: Path) -> None:
    wrote(tmp_path, 2)
    folder = wrote(tmp_path, 3)
    assert problems(folder) == []
    assert read_head(folder) == last(tmp_path)
    assert len([*read_lines(folder)]) == 5


def test_two_processes_have_a_chain_each(tmp_path: Path) -> None:
    with opened(tmp_path) as second:
        with opened(tmp_path) as first:
            write(first)
            write(second, 2)
            assert first.person_key == second.person_key
        assert [len([*read_lines(folder)]) for folder in chains(tmp_path)] == [2, 1]
        assert last(tmp_path).index == 0


def test_a_full_segment_is_followed_by_another_and_the_chain_goes_on(tmp_path: Path) -> None:
    for _ in range(2):
        with opened(tmp_path, segment=500) as folder:
            write(folder, 5)
    assert len([*(tmp_path / "0").glob("*.jsonl")]) > 3
    assert problems(tmp_path / "0") == []


def test_a_segment_that_is_lost_is_noticed(tmp_path: Path) -> None:
    with opened(tmp_path, segment=500) as folder:
        write(folder, 8)
    sorted((tmp_path / "0").glob("*.jsonl"))[1].unlink()
    assert problems(tmp_path / "0") == ["removed"]


def test_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    folder = wrote(tmp_path, 2)
    with (folder / "000000.jsonl").open("ab") as file:
        file.write(b'{"index":2,"ti')
    assert problems(folder) == []  # nobody was told that it is there
    with opened(tmp_path) as again:
        assert again.torn_bytes == 14
        write(again)
    assert problems(folder) == []


def test_lines_of_a_process_that_died_before_it_wrote_the_head_are_kept(tmp_path: Path) -> None:
    folder = wrote(tmp_path, 2)
    head = (folder / "head").read_bytes()
    wrote(tmp_path, 1)
    (folder / "head").write_bytes(head)
    assert problems(folder) == []
    assert last(tmp_path).index == 2


@pytest.mark.parametrize("torn", [0, 1])
def test_a_log_that_lost_lines_is_not_continued(tmp_path: Path, torn: int) -> None:
    folder = wrote(tmp_path, 3)
    segment = folder / "000000.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:2]) + lines[2][:-1] * torn)
    assert problems(folder) == ["truncated"]
    with pytest.raises(AuditError, match="lacks lines"):
        AuditFolder(tmp_path, None)


def test_a_log_without_its_head_is_not_continued(tmp_path: Path) -> None:
    folder = wrote(tmp_path, 3)
    (folder / "head").unlink()
    with pytest.raises(AuditError, match="lacks lines"):
        AuditFolder(tmp_path, None)
    assert read_head(folder) is None


@pytest.mark.parametrize(("first", "then"), [(KEY, None), (None, KEY), (KEY, b"other" * 8)])
def test_a_log_with_another_key_is_not_continued(
    tmp_path: Path, first: bytes | None, then: bytes | None
) -> None:
    wrote(tmp_path, 1, first)
    with pytest.raises(AuditError, match="audit_key"):
        AuditFolder(tmp_path, then)


def test_what_a_full_disk_took_in_part_is_not_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError("no space left on device")

    with opened(tmp_path) as folder:
        write(folder)
        before = folder.chain.head
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fail)
            with pytest.raises(OSError, match="no space"):
                write(folder)
        folder.chain.head = before
        write(folder)
    assert problems(tmp_path / "0") == []
    assert len([*read_lines(tmp_path / "0")]) == 2


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    wrote(tmp_path / "audit")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "audit").rglob("*")}
    assert modes["0"] == 0o700
    assert modes["000000.jsonl"] == modes["person.key"] == 0o600


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from esapr.server.trust.audit import Entry
from esapr.server.trust.audit_folder import AuditFolder

folder = AuditFolder(Path(sys.argv[1]), None, segment_bytes=4000)
entry = Entry(datetime(2026, 11, 23, tzinfo=UTC), "session.opened", "key:1", "s", {})
while True:
    lines = b"".join(folder.chain.append(entry) for _ in range(3))
    folder.append(lines, folder.chain.head)
    print(folder.chain.head.index, flush=True)
"""


def test_every_line_that_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(20):
                acknowledged = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
        assert problems(tmp_path / "0") == []
        assert [*read_lines(tmp_path / "0")][acknowledged:]
    assert last(tmp_path).index >= acknowledged
