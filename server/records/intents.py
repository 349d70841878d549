"""Erasures that were asked for, on disk until they are done. Blocking: called on a thread.

``<state_dir>/erasures/<session>`` says who asked for one, and when. The process that has to carry
it out holds a lock on the file; what nobody holds was left by one that died, and is anybody's.
"""

import fcntl
import os
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from secrets import token_hex

import msgspec
import structlog
from msgspec import Struct

log = structlog.get_logger()

FOLDER = "erasures"
"""Of the state folder."""


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """The erasure of a session; ``actor`` asked for it at ``at_ms`` of Unix time.

    ``revoked`` if that was because its consent was revoked.
    """

    session: str
    actor: str
    at_ms: int
    revoked: bool = False


class Intent:
    """An erasure that this process has to carry out; ``file`` is open and locked."""

    def __init__(self, wanted: Wanted, path: Path, file: FileIO) -> None:
        """Hold ``file``, which is at ``path``."""
        self.wanted = wanted
        self._path = path
        self._file = file

    def fulfil(self) -> None:
        """Forget it: the erasure is done."""
        self._path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Leave it to whoever looks next."""
        self._file.close()


class IntentFolder:
    """The intents of every process that shares a folder."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which is made if it is missing."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    def add(self, wanted: Wanted) -> Intent:
        """Return a new intent; it is on disk.

        Raises:
            OSError: it is not.
        """
        path = self._folder / wanted.session
        draft = path.with_name(f".{wanted.session}.{token_hex(8)}")
        with ExitStack() as failing:
            file = failing.enter_context(FileIO(draft, "xb", opener=_private))
            failing.callback(draft.unlink, missing_ok=True)
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(msgspec.json.encode(wanted))
            os.fsync(file.fileno())
            # Whole, and locked from its first moment on.
            draft.replace(path)
            self._sync()
            failing.pop_all()
        return Intent(wanted, path, file)

    def abandoned(self) -> list[Intent]:
        """Return the intents of processes that have died; from now on they are this one's.

        Raises:
            OSError: the folder cannot be read.
        """
        found = [self._claim(path) for path in sorted(self._folder.glob("[!.]*"))]
        return [intent for intent in found if intent]

    def _claim(self, path: Path) -> Intent | None:
        with ExitStack() as failing:
            try:
                file = failing.enter_context(FileIO(path, "rb"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                wanted = msgspec.json.decode(file.read(), type=Wanted)
            except (FileNotFoundError, BlockingIOError):
                return None
            except msgspec.DecodeError:
                log.error("erasure_unreadable", session=path.name)
                return None
            # Whoever had it may have done it between the opening and the lock.
            if not path.exists():
                return None
            failing.pop_all()
            return Intent(wanted, path, file)

    def _sync(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
