"""Encryption of what names a person or quotes them, and the digests they are found by."""

import hmac
from base64 import urlsafe_b64decode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from esapr.server.records import RecordsError


def new_key() -> str:
    """Return a random key."""
    return Fernet.generate_key().decode()


class Cipher:
    """Fernet (AES-128-CBC with HMAC-SHA-256) under the first key; every key opens."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Use ``keys``, each 32 bytes in URL-safe base64.

        Raises:
            RecordsError: there is no key, or one of them is malformed.
        """
        if not keys:
            raise RecordsError("a key of the records is needed")
        try:
            fernets = [Fernet(key) for key in keys]
        except ValueError as error:
            raise RecordsError("a key of the records is not 32 bytes in base64") from error
        self._fernet = MultiFernet(fernets)
        self._newest = fernets[0]
        self._digest_keys = [_digest_key(key) for key in keys]

    def seal(self, data: bytes) -> str:
        """Encrypt ``data``."""
        return self._fernet.encrypt(data).decode()

    def unseal(self, token: str) -> bytes:
        """Decrypt what :meth:`seal` returned.

        Raises:
            RecordsError: none of the keys opens it.
        """
        try:
            return self._fernet.decrypt(token)
        except InvalidToken as error:
            raise RecordsError("no key of the records opens what is stored") from error

    def is_newest(self, token: str) -> bool:
        """Return whether ``token`` is under the first key."""
        try:
            self._newest.decrypt(token)
        except InvalidToken:
            return False
        return True

    def digests(self, holder: str, participant: str) -> list[str]:
        """Return the digests of a holder's participant (64 hex digits), one a key, newest first."""
        name = f"{holder}\0{participant}".encode()
        return [hmac.new(key, name, "sha256").hexdigest() for key in self._digest_keys]


def _digest_key(key: str) -> bytes:
    derivation = HKDF(SHA256(), 32, salt=None, info=b"esapr participant digest")
    return derivation.derive(urlsafe_b64decode(key))
