"""Where the audit chain lies on disk. Blocking: the server calls it on a thread.

``<folder>/<n>`` belongs to one process at a time, which holds a lock on ``<n>/lock`` and continues
the chain that it finds; a gateway takes the first ``n`` that is free. Segments are
``000000.jsonl`` and on, ``head`` names the newest line, ``<folder>/person.key`` makes the digests
of names.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from io import FileIO
from pathlib import Path
from secrets import token_bytes

from esapr.server.trust import TrustError
from esapr.server.trust.audit import Chain, Head, head_of

SEGMENT_BYTES = 16 * 1024 * 1024
"""A segment that is as big is followed by another one."""

MAX_PROCESSES = 256


class AuditError(TrustError):
    """The audit log cannot be continued; the message says why, and what to do."""


class AuditFolder:
    """The chain of one process, open for writing."""

    def __init__(self, root: Path, key: bytes | None, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Take a free chain under ``root`` and find its end.

        Raises:
            AuditError: it was written with another key, or its end is missing.
            OSError: the folder cannot be written.
        """
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._segment_bytes = segment_bytes
        self.person_key = _person_key(root / "person.key")
        self.torn_bytes = 0
        """How much of a line that was never finished was cut off."""
        with ExitStack() as opening:
            lock, self._folder = _free_chain(root)
            opening.push(lock)
            self.chain = Chain(self._last_line(key), key)
            self._file = self._open_segment(self._number())
            self._size = self._file.tell()
            self._lock = lock
            opening.pop_all()

    def append(self, lines: bytes, head: Head) -> None:
        """Write whole lines that end in ``head``; they are on disk when this returns.

        Raises:
            OSError: they may not be; the next call begins where this one did.
        """
        if self._size >= self._segment_bytes:
            self._file.close()
            self._file = self._open_segment(self._number() + 1)
            self._size = 0
        # An earlier call that failed may have left a part of its lines.
        self._file.truncate(self._size)
        if self._file.write(lines) < len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._file.fileno())
        # After the lines: a head that lies behind its log is no fault, one ahead of it is.
        _write_head(self._folder / "head", head)
        self._size += len(lines)

    def close(self) -> None:
        """Let another process continue the chain."""
        self._file.close()
        self._lock.close()

    def _number(self) -> int:
        segments = _segments(self._folder)
        return int(segments[-1].stem) if segments else 0

    def _open_segment(self, number: int) -> FileIO:
        # Unbuffered, so that what could not be written is not written later.
        file = FileIO(self._folder / f"{number:06d}.jsonl", "ab", opener=_private)
        folder = os.open(self._folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        return file

    def _last_line(self, key: bytes | None) -> Head:
        last = Head()
        for segment in reversed(_segments(self._folder)):
            whole = self._whole_lines(segment)
            if whole:
                found = head_of(whole[whole.rfind(b"\n", 0, -1) + 1 : -1], key)
                if found is None:
                    raise AuditError(
                        f"the last line of {segment} was changed, or written with another "
                        f"audit_key: keep {self._folder} and move it away to begin a new log"
                    )
                last = found
                break
        self._check_head(last)
        return last

    def _whole_lines(self, segment: Path) -> bytes:
        data = segment.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            # Nobody was told that this line is on disk: the process died writing it.
            self.torn_bytes += len(data) - len(whole)
            os.truncate(segment, len(whole))
        return whole

    def _check_head(self, last: Head) -> None:
        path = self._folder / "head"
        if last.index < 0 and not path.exists():
            _write_head(path, last)
        head = read_head(self._folder)
        if head is None or head.index > last.index:
            raise AuditError(
                f"{self._folder} lacks lines that were written, or its head: see 'esapr audit "
                "verify', then keep the folder and move it away to begin a new log"
            )


def chains(root: Path) -> list[Path]:
    """Return the folders of the chains under ``root``."""
    return sorted((path for path in root.glob("*") if path.is_dir()), key=lambda path: path.name)


def read_head(folder: Path) -> Head | None:
    """Return the head that lies beside a chain, or None if it is missing or unreadable."""
    try:
        index, _, digest = (folder / "head").read_text(encoding="ascii").strip().partition(" ")
        return Head(int(index), digest)
    except (FileNotFoundError, ValueError):
        return None


def read_lines(folder: Path) -> Iterator[bytes]:
    """Yield every line of a chain; a last one that is still being written is left out."""
    segments = _segments(folder)
    for segment in segments:
        *whole, unfinished = segment.read_bytes().split(b"\n")
        yield from whole
        if unfinished and segment != segments[-1]:
            yield unfinished


def _segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _free_chain(root: Path) -> tuple[FileIO, Path]:
    for number in range(MAX_PROCESSES):
        folder = root / str(number)
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = FileIO(folder / "lock", "ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return lock, folder
    raise AuditError(f"{MAX_PROCESSES} processes have a log in {root} already")


def _person_key(path: Path) -> bytes:
    made = path.with_name(f"{path.name}.{os.getpid()}")
    with FileIO(made, "wb", opener=_private) as file:
        file.write(token_bytes(32))
    # Whole or not at all: another process may begin at the same time.
    with suppress(FileExistsError):
        os.link(made, path)
    made.unlink()
    return path.read_bytes()


def _write_head(path: Path, head: Head) -> None:
    written = path.with_suffix(".new")
    with open(written, "w", encoding="ascii") as file:
        file.write(f"{head.index} {head.hash}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(written, path)
