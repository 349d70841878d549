"""Client tokens: which there are, which were redeemed and by whom. No asyncio, no clock.

A token says itself, signed, what it grants (:mod:`esapr.server.trust.signing`). Kept here is what
it cannot know: whether it was redeemed, and whether it was revoked.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from msgspec import Struct

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.rooms import Role, Scope


class Grant(
    Struct,
    frozen=True,
    omit_defaults=True,
    rename={"id": "jti", "session": "sub", "room": "aud", "issued": "iat", "redeem_by": "exp"},
):
    """What the bearer of a token may do in one room, in the name of one session.

    ``issued`` and ``redeem_by`` are in seconds of Unix time; the token must be used for the first
    time until the latter. ``origin`` binds it to pages of one origin.
    """

    id: str
    session: str
    room: str
    role: Role
    scopes: frozenset[Scope]
    issued: int
    redeem_by: int
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that opens something. ``client`` is None until one redeems it."""

    session: str
    room: str
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Redemption:
    """The use of the token ``id`` by a client, as :func:`client_of` has it."""

    id: str
    client: str
    redeem_by: int
    issued: int


class TokensRevoked(Struct, frozen=True, tag="tokens.revoked"):
    """What gateways tell one another: the feeds that these tokens have opened are to close."""

    tokens: list[str]


class Tokens:
    """Every token that was issued and not revoked, by its id."""

    def __init__(self) -> None:
        """Start without tokens."""
        self._issued: dict[str, Issued] = {}
        self._of: defaultdict[str, set[str]] = defaultdict(set)
        self._count: Counter[str] = Counter()

    def add(self, grant: Grant) -> None:
        """Take in a token that is being issued.

        Raises:
            ProtocolError: ``too_many_tokens``.
        """
        if self._count[grant.room] >= limits.MAX_TOKENS_PER_ROOM:
            raise ProtocolError(
                ErrorCode.TOO_MANY_TOKENS, f"at most {limits.MAX_TOKENS_PER_ROOM} tokens a room"
            )
        self.adopt({grant.id: Issued(grant.session, grant.room)})

    def redeem(self, use: Redemption, now: float) -> bool | None:
        """Return whether a token may be used at ``now``; None if it is not known here.

        The first use, in time, binds it to its client; later ones have to be that client's.
        """
        token = self._issued.get(use.id)
        if token is None:
            return None
        if token.client is not None:
            return token.client == use.client
        # Of a redeemed token this is not asked again: a clock that is set ends no session.
        early = now < use.issued - limits.CLOCK_LEEWAY_SECONDS
        if early or now > use.redeem_by + limits.CLOCK_LEEWAY_SECONDS:
            return False
        self._issued[use.id] = replace(token, client=use.client)
        return True

    def revoke(self, session: str, token_id: str | None = None) -> list[str]:
        """Forget one token of a session, or all of them; return which there were."""
        gone = [key for key in self.of(session) if token_id in (None, key)]
        self._drop(gone)
        return gone

    def of(self, session: str) -> dict[str, Issued]:
        """Return the tokens made in the name of a session, by id."""
        return {key: self._issued[key] for key in self._of.get(session, ())}

    def adopt(self, tokens: Mapping[str, Issued]) -> None:
        """Take in tokens that another gateway has issued."""
        for key, token in tokens.items():
            self._count[token.room] += key not in self._issued
            self._issued[key] = token
            self._of[token.session].add(key)

    def release(self, session: str) -> None:
        """Forget the tokens of a session that another gateway has now."""
        self._drop(self.of(session))

    def forget(self, room: str) -> None:
        """Forget the tokens of a room that has closed."""
        self._drop([key for key, token in self._issued.items() if token.room == room])

    def _drop(self, ids: Collection[str]) -> None:
        for key in ids:
            token = self._issued.pop(key)
            self._count[token.room] -= 1
            if not self._count[token.room]:
                del self._count[token.room]
            self._of[token.session].remove(key)
            if not self._of[token.session]:
                del self._of[token.session]


def client_of(secret: str) -> str:
    """Return what is kept of the secret with which a client redeems; empty if it has none."""
    return secret and sha256(secret.encode()).hexdigest()


def unix_time() -> float:
    """Return the time that all gateways share, in seconds: tokens are used on any of them."""
    return datetime.now(UTC).timestamp()
