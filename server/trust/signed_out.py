"""Which sessions of staff were signed out before their time, in a file that gateways share."""

from pathlib import Path

import msgspec

from esapr.server.trust import TrustError
from esapr.server.trust.private_files import PrivateFile
from esapr.server.trust.staff import StaffSession


class SignedOutError(TrustError):
    """The file cannot be read or written; the message says why."""


class SignedOutFile:
    """The ids of those sessions, each until it would have ended anyway."""

    def __init__(self, path: Path) -> None:
        """Use the file at ``path``; without it nobody has signed out."""
        self._file = PrivateFile[dict[str, int]](path, _parse, {})

    def holds(self, session: StaffSession) -> bool:
        """Return whether a session was signed out.

        Raises:
            SignedOutError: the file cannot be read.
        """
        try:
            return session.id in self._file.content()
        except (OSError, msgspec.DecodeError) as error:
            raise SignedOutError(f"{self._file.path} cannot be read: {error}") from error

    def add(self, session: StaffSession, now: float) -> None:
        """Sign a session out; ``now`` is in seconds of Unix time. Waits for the disk.

        Raises:
            SignedOutError: the file cannot be read or written.
        """
        try:
            with self._file.locked():
                kept = {id_: ends for id_, ends in self._file.content().items() if ends > now - 60}
                self._file.replace(msgspec.json.encode({**kept, session.id: session.ends}))
        except (OSError, msgspec.DecodeError) as error:
            raise SignedOutError(f"{self._file.path} cannot be written: {error}") from error


def _parse(data: bytes) -> dict[str, int]:
    return msgspec.json.decode(data, type=dict[str, int])
