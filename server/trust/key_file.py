"""The file of the server keys: changed by ``esapr keys``, read by every running server."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from esapr.protocol.calls import KeyScope
from esapr.server.config import ServerConfig
from esapr.server.trust import TrustError
from esapr.server.trust.keys import ServerKey, find_key, make_key
from esapr.server.trust.private_files import PrivateFile


class KeyFileError(TrustError):
    """The keys cannot be read, or there are none where some are needed; the message says which."""


class Stored(Struct, frozen=True, forbid_unknown_fields=True):
    """Content of the file."""

    keys: list[ServerKey] = []


class KeyFile:
    """Every server key, as the file has it now: a revoked one is refused by the next request."""

    def __init__(self, path: Path) -> None:
        """Use the file at ``path``; without it there are no keys."""
        self._file = PrivateFile(path, _parse, Stored())

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    def read(self) -> list[ServerKey]:
        """Return every key, expired ones too.

        Raises:
            KeyFileError: the file cannot be read.
        """
        try:
            return self._file.content().keys
        except (OSError, msgspec.DecodeError) as error:
            raise KeyFileError(f"{self.path} cannot be read: {error}") from error

    def find(self, text: str) -> ServerKey | None:
        """Return the key that ``text`` is, if it opens anything now.

        Raises:
            KeyFileError: the file cannot be read.
        """
        return find_key(text, self.read(), datetime.now(UTC))

    def create(self, name: str, scopes: list[KeyScope], lifetime: timedelta) -> str:
        """Add a key and return it: it is not kept.

        Raises:
            KeyFileError: the file cannot be read.
            OSError: it cannot be written.
        """
        now = datetime.now(UTC).replace(microsecond=0)
        text, key = make_key(name, scopes, now, lifetime)
        with self._file.locked():
            self._write([*self.read(), key])
        return text

    def revoke(self, key_id: str) -> bool:
        """Remove a key; return whether there was one of that id.

        Raises:
            KeyFileError: the file cannot be read.
            OSError: it cannot be written.
        """
        with self._file.locked():
            keys = self.read()
            kept = [key for key in keys if key.id != key_id]
            if len(kept) < len(keys):
                self._write(kept)
        return len(kept) < len(keys)

    def _write(self, keys: list[ServerKey]) -> None:
        self._file.replace(msgspec.json.format(msgspec.json.encode(Stored(keys)), indent=2))


def check_keys(config: ServerConfig) -> None:
    """Refuse to serve others than this machine while nobody could open a session.

    Raises:
        KeyFileError: there is no key that is valid now.
    """
    file = KeyFile(config.keys_path)
    now = datetime.now(UTC)
    if config.loopback or any(now < key.expires for key in file.read()):
        return
    raise KeyFileError(
        f"{config.host} can be reached from other machines, and {file.path} holds no valid server "
        "key. Make one with: esapr keys create NAME. Or serve this machine only: --host 127.0.0.1"
    )


def _parse(data: bytes) -> Stored:
    return msgspec.json.decode(data, type=Stored)
