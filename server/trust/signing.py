"""The signatures of client tokens and of cookies: Ed25519, as JSON Web Tokens (RFC 7519, RFC 8037).

The keys are a JSON Web Key Set (RFC 7517) in a file of the state folder. The first one signs, all
verify: gateways that share the file take each other's tokens, and rotation puts a new key first.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from jwt.types import Options

from esapr.protocol import limits
from esapr.server.trust import TrustError
from esapr.server.trust.private_files import PrivateFile
from esapr.server.trust.tokens import Grant

ISSUER = "esapr"
COOKIES_ISSUER = "esapr-cookies"
"""Issuer of what is no token: it opens no session and no room, whatever it is called."""

ALGORITHM = "EdDSA"
KEPT_KEYS = 2
"""The signing key and the one before it, whose tokens may still be in use."""

# Times are compared here, with the time that is an argument.
_CHECKS: Options = {
    "require": ["iss", "aud", "sub", "jti", "iat", "nbf", "exp", "role", "scopes"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}
_TOKEN = re.compile(
    r"(?P<signed>[\w-]+\.[\w-]+\.[\w-]+)"
    rf"(\.(?P<secret>[\w-]{{{limits.MIN_CLIENT_SECRET},{limits.MAX_CLIENT_SECRET}}}))?",
    re.ASCII,
)


T = TypeVar("T", bound=msgspec.Struct)


class SigningError(TrustError):
    """The signing keys cannot be read or made; the message says why."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A token that this cluster has signed, and the secret that its client has put behind it."""

    grant: Grant
    secret: str = field(repr=False)


class Signing:
    """Signs grants, and reads what comes back."""

    def __init__(self, path: Path) -> None:
        """Use the keys in the file at ``path``, which is made if it is missing.

        Raises:
            SigningError: it cannot be read or made.
        """
        self._file = PrivateFile[dict[str, Ed25519PrivateKey]](path, _parse, {})
        try:
            if not self._file.content():
                self._make()
        except OSError as error:
            raise SigningError(f"{path} cannot be made (ESAPR_STATE_DIR): {error}") from error

    def _make(self) -> None:
        with self._file.locked():
            # Gateways that start together make it once.
            if not self._file.content():
                self._write({})

    def rotate(self) -> str:
        """Let a new key sign, and keep the one that has signed so far; return the new one's id.

        Raises:
            SigningError: the file cannot be read.
            OSError: it cannot be written.
        """
        with self._file.locked():
            return self._write(self._keys())

    def sign(self, grant: Grant) -> str:
        """Return the token of ``grant``."""
        return self._signed(msgspec.to_builtins(grant) | {"iss": ISSUER, "nbf": grant.issued})

    def seal(self, content: msgspec.Struct, purpose: str) -> str:
        """Return ``content``, signed: a browser may keep it, see it and not change it."""
        claims = {"iss": COOKIES_ISSUER, "aud": purpose, "content": msgspec.to_builtins(content)}
        return self._signed(claims)

    def unseal(self, sealed: str, purpose: str, kind: type[T]) -> T | None:
        """Return what was sealed for ``purpose``, unless it was not, or is no ``kind`` any more."""
        options: Options = {"require": ["iss", "aud", "content"]}
        claims = self._verified(sealed, COOKIES_ISSUER, purpose, options)
        try:
            return msgspec.convert(claims["content"], kind) if claims else None
        except msgspec.ValidationError:
            return None

    def read(self, token: str, room: str) -> Presented | None:
        """Return what a token for ``room`` grants, if it was signed here.

        Its ``nbf`` and ``exp`` bound the time in which it can be redeemed, which is not looked at
        here.
        """
        form = _TOKEN.fullmatch(token)
        if form is None:
            return None
        claims = self._verified(form["signed"], ISSUER, room, _CHECKS)
        if claims is None:
            return None
        return Presented(msgspec.convert(claims, Grant), form["secret"] or "")

    def _signed(self, claims: dict[str, Any]) -> str:
        kid, key = next(iter(self._keys().items()))
        return jwt.encode(claims, key, ALGORITHM, headers={"kid": kid})

    def _verified(
        self, text: str, issuer: str, audience: str, options: Options
    ) -> dict[str, Any] | None:
        try:
            key = self._keys()[jwt.get_unverified_header(text)["kid"]]
            return jwt.decode(
                text,
                key.public_key(),
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=issuer,
                options=options,
            )
        except (jwt.InvalidTokenError, KeyError):
            return None

    def _keys(self) -> dict[str, Ed25519PrivateKey]:
        try:
            return self._file.content()
        except OSError as error:
            raise SigningError(f"{self._file.path} cannot be read: {error}") from error

    def _write(self, earlier: dict[str, Ed25519PrivateKey]) -> str:
        kid = token_hex(4)
        keys = [(kid, Ed25519PrivateKey.generate()), *earlier.items()][:KEPT_KEYS]
        found = [OKPAlgorithm.to_jwk(key, as_dict=True) | {"kid": name} for name, key in keys]
        self._file.replace(msgspec.json.format(msgspec.json.encode({"keys": found}), indent=2))
        return kid


def _parse(data: bytes) -> dict[str, Ed25519PrivateKey]:
    try:
        keys = {
            jwk["kid"]: OKPAlgorithm.from_jwk(jwk)
            for jwk in msgspec.json.decode(data, type=dict[str, list[dict[str, str]]])["keys"]
        }
    except (msgspec.DecodeError, jwt.InvalidKeyError, KeyError) as error:
        raise SigningError(f"the signing keys are damaged: {type(error).__name__}") from error
    private = {kid: key for kid, key in keys.items() if isinstance(key, Ed25519PrivateKey)}
    if not private:
        raise SigningError("the signing keys hold no Ed25519 key")
    return private
