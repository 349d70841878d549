"""Tokens: random strings that stand for a grant. No asyncio.

Kept as SHA-256, so that what is stored opens nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_urlsafe

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.rooms import Role, Scope


@dataclass(frozen=True, slots=True)
class Grant:
    """What the bearer of a token may do in one room, in the name of one session.

    ``redeem_by`` is the time (seconds) until which the token must be used for the first time;
    None once it was. ``origin`` binds it to pages of one origin.
    """

    session: str
    room: str
    role: Role
    scopes: frozenset[Scope]
    origin: str | None = None
    redeem_by: float | None = None


class Tokens:
    """Every grant by the hash of its token."""

    def __init__(self) -> None:
        """Start without grants."""
        self._grants: dict[str, Grant] = {}
        self._count: Counter[str] = Counter()

    def issue(self, grant: Grant) -> str:
        """Return a new token for ``grant``.

        Raises:
            ProtocolError: ``too_many_tokens``.
        """
        if self._count[grant.room] >= limits.MAX_TOKENS_PER_ROOM:
            raise ProtocolError(
                ErrorCode.TOO_MANY_TOKENS, f"at most {limits.MAX_TOKENS_PER_ROOM} tokens a room"
            )
        token = token_urlsafe(24)
        self._grants[digest_of(token)] = grant
        self._count[grant.room] += 1
        return token

    def redeem(self, digest: str, now: float) -> Grant | None:
        """Return the grant of a token that is used at ``now``, or None if it has none."""
        grant = self._grants.get(digest)
        if grant is None or grant.redeem_by is None:
            return grant
        if now > grant.redeem_by:
            return None
        redeemed = self._grants[digest] = replace(grant, redeem_by=None)
        return redeemed

    def of(self, session: str) -> dict[str, Grant]:
        """Return the grants made in the name of a session, by digest."""
        return {digest: g for digest, g in self._grants.items() if g.session == session}

    def adopt(self, grants: Mapping[str, Grant]) -> None:
        """Take in grants that another gateway has made."""
        for digest, grant in grants.items():
            self._count[grant.room] += digest not in self._grants
            self._grants[digest] = grant

    def release(self, session: str) -> None:
        """Forget the grants of a session that another gateway has now."""
        for digest, grant in self.of(session).items():
            self._count[grant.room] -= 1
            del self._grants[digest]

    def forget(self, room: str) -> None:
        """Forget the grants of a room that has closed."""
        self._grants = {key: g for key, g in self._grants.items() if g.room != room}
        del self._count[room]


def unix_time() -> float:
    """Return the time that all gateways share, in seconds: tokens are used on any of them."""
    return datetime.now(UTC).timestamp()


def digest_of(token: str) -> str:
    """Return what is stored of a token."""
    return sha256(token.encode()).hexdigest()
