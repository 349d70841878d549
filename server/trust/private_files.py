"""Files that only the server's user may read, replaced whole and read again when they change."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Generic, TypeVar

T = TypeVar("T")


class PrivateFile(Generic[T]):
    """The content of a file as it is now, read with ``parse``.

    Asking costs one call of ``stat``; the file is read again after it was replaced.
    """

    def __init__(self, path: Path, parse: Callable[[bytes], T], missing: T) -> None:
        """Read ``path``; while there is no such file its content is ``missing``."""
        self.path = path
        self._parse = parse
        self._missing = missing
        self._read: tuple[tuple[int, int, int], T] | None = None

    def content(self) -> T:
        """Return the content; may raise what ``parse`` does, and :class:`OSError`."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return self._missing
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        if self._read is None or self._read[0] != version:
            self._read = version, self._parse(self.path.read_bytes())
        return self._read[1]

    def replace(self, data: bytes) -> None:
        """Replace the file in one step: readers see all of the old one or all of the new one."""
        # Created with mode 0600.
        with NamedTemporaryFile(
            dir=self.path.parent, prefix=f".{self.path.name}.", delete=False
        ) as file:
            staged = Path(file.name)
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                staged.replace(self.path)
            except OSError:
                staged.unlink(missing_ok=True)
                raise

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing the file meanwhile; makes its folder (mode 0700)."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = self.path.with_name(f".{self.path.name}.lock")
        lock = os.open(name, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
