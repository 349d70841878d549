"""Server keys: what a partner's backend shows to open sessions. No I/O; ``now`` has a zone.

A key reads ``esapr_<id>_<secret><checksum>``: letters and digits only, 8, 32 and 6 of them. The
prefix and the checksum (CRC-32 of all before it) let secret scanners find keys in code, and tell
them from look-alikes without asking a server.

At rest there is the SHA-256 of the whole key. A slow hash protects secrets that people choose; a
secret of 32 random characters out of 62 has 190 bits, which nobody can try out.

A key's ``name`` says who holds it. Keys of the same name open the same sessions and rooms, so
rotation is: make a second key of that name, use it, revoke the first one.
"""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import choice
from string import ascii_letters, digits
from typing import Annotated
from zlib import crc32

from msgspec import Meta, Struct

from esapr.protocol.calls import KeyScope

PREFIX = "esapr_"
ID_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 8, 32, 6

_ALPHABET = digits + ascii_letters
_FORM = re.compile(
    rf"{PREFIX}(?P<id>[0-9A-Za-z]{{{ID_LENGTH}}})_"
    rf"[0-9A-Za-z]{{{SECRET_LENGTH}}}(?P<checksum>[0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)

KeyName = Annotated[str, Meta(max_length=64, pattern="^[A-Za-z0-9_-]+$")]


class ServerKey(Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of a key; ``hash`` is the SHA-256 of all of it, in hexadecimal digits."""

    id: str
    name: KeyName
    scopes: list[KeyScope]
    created: datetime
    expires: datetime
    hash: str


def make_key(
    name: str, scopes: Iterable[KeyScope], now: datetime, lifetime: timedelta
) -> tuple[str, ServerKey]:
    """Return a new key, to be shown once, and what is kept of it."""
    key_id = _random(ID_LENGTH)
    body = f"{PREFIX}{key_id}_{_random(SECRET_LENGTH)}"
    text = body + _checksum(body)
    return text, ServerKey(key_id, name, sorted(scopes), now, now + lifetime, _digest(text))


def find_key(text: str, keys: Collection[ServerKey], now: datetime) -> ServerKey | None:
    """Return the key that ``text`` is, unless it is unknown, revoked or expired.

    What is compared takes the same time wherever it differs.
    """
    form = _FORM.fullmatch(text)
    if form is None or form["checksum"] != _checksum(text[:-CHECKSUM_LENGTH]):
        return None
    found = next((key for key in keys if key.id == form["id"]), None)
    if found is None or not compare_digest(_digest(text), found.hash):
        return None
    return found if now < found.expires else None


def _random(length: int) -> str:
    return "".join(choice(_ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    """Return the CRC-32 of ``body`` in base 62."""
    number, found = crc32(body.encode()), ""
    while len(found) < CHECKSUM_LENGTH:
        number, index = divmod(number, len(_ALPHABET))
        found = _ALPHABET[index] + found
    return found


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
