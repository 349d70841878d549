"""Who may do what: client tokens for a session or a room, server keys for what they opened."""

import re
from collections.abc import Iterable
from uuid import uuid4

import structlog
from aiohttp import web

from esapr.protocol import TOKEN_PREFIX
from esapr.protocol.calls import KeyScope
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.rooms import Role, Scope
from esapr.server.http.keys import KEYS, ROOMS, SESSIONS, SIGNING, TOKENS
from esapr.server.loopback import is_loopback
from esapr.server.sessions.session import Session
from esapr.server.trust.callers import Caller
from esapr.server.trust.key_file import KeyFileError
from esapr.server.trust.keys import PREFIX, ServerKey
from esapr.server.trust.tokens import Grant, Redemption, Tokens, client_of, unix_time

log = structlog.get_logger()

CALLER = web.RequestKey("caller", Caller)
_HOST = re.compile(r"\[?(?P<name>.*?)\]?(:\d+)?")


def caller(request: web.Request) -> Caller:
    """Return who makes a request that one of the functions below has let in."""
    return request[CALLER]


async def authorised_session(request: web.Request, scope: Scope) -> Session:
    """Return the session that the path names, if the request's token grants ``scope`` on it.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid`` or ``scope_missing``.
    """
    session = request.app[SESSIONS].get(request.match_info["session"])
    await granted(request, scope, room=session.room, session=session.id)
    return session


async def managed_session(request: web.Request, scope: Scope) -> Session:
    """Return the session that the path names, also to a server key of whoever has opened it.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid`` or ``scope_missing``.
    """
    if not bearer_of(request).startswith(PREFIX):
        return await authorised_session(request, scope)
    session = request.app[SESSIONS].get(request.match_info["session"])
    if authorised_key(request, "sessions").name != session.holder:
        raise ProtocolError(ErrorCode.NOT_FOUND, "there is no such session")
    return session


async def granted(
    request: web.Request,
    scope: Scope,
    *,
    room: str,
    session: str | None = None,
    tokens: Tokens | None = None,
) -> Grant:
    """Return the grant of the request's token for a room, or for one session in it.

    The token travels as ``Authorization: Bearer``, as a WebSocket subprotocol
    ``esapr.token.<token>``, or as ``?token=`` for clients that can do neither. It is redeemed by
    the first use that it is made for. It is one of ``tokens``, or of those that are open.

    Raises:
        ProtocolError: ``token_invalid`` or ``scope_missing``.
    """
    for token in _tokens(request):
        presented = request.app[SIGNING].read(token, room)
        if presented is None:
            continue
        grant = presented.grant
        if session not in (None, grant.session):
            continue
        if grant.origin not in (None, request.headers.get("Origin")):
            continue
        use = Redemption(grant.id, client_of(presented.secret), grant.redeem_by, grant.issued)
        known = (tokens or request.app[TOKENS]).redeem(use, unix_time())
        if known is None and session is None:
            known = await request.app[ROOMS].bus.ask_redeemed(use)
        if not known:
            continue
        # Of a session itself, a token for its room opens no more than the report.
        own = session is None or grant.role == "participant" or scope == "report"
        if scope not in grant.scopes or not own:
            raise ProtocolError(ErrorCode.SCOPE_MISSING, f"the token does not allow {scope} here")
        request[CALLER] = Caller("token", grant.id, grant.role, grant.scopes)
        return grant
    raise ProtocolError(ErrorCode.TOKEN_INVALID, "the token is missing or wrong")


def authorised_key(request: web.Request, scope: KeyScope) -> ServerKey:
    """Return the request's server key, if it allows ``scope``.

    Raises:
        ProtocolError: ``token_invalid`` or ``scope_missing``.
    """
    try:
        key = request.app[KEYS].find(bearer_of(request))
    except KeyFileError:
        log.warning("keys_unreadable")
        key = None
    if key is None:
        raise ProtocolError(ErrorCode.TOKEN_INVALID, "the server key is missing or wrong")
    if scope not in key.scopes:
        raise ProtocolError(ErrorCode.SCOPE_MISSING, f"the server key does not allow {scope}")
    request[CALLER] = Caller("key", key.id, None, frozenset(key.scopes), key.name)
    return key


def check_local(request: web.Request) -> None:
    """Refuse pages of other sites, for what needs no key on a loopback address.

    A name that is not this machine's is refused, too: a page can let its own name lead here.

    Raises:
        ProtocolError: ``token_invalid``.
    """
    host = _HOST.fullmatch(request.host)
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin.partition("://")[2] != request.host
    if foreign or host is None or not is_loopback(host["name"]):
        raise ProtocolError(ErrorCode.TOKEN_INVALID, "only for this machine and its own page")
    request[CALLER] = Caller("local")


def issue(
    app: web.Application,
    session: Session,
    role: Role,
    scopes: Iterable[Scope],
    *,
    seconds: int,
    origin: str | None,
) -> tuple[str, Grant]:
    """Return a token that must be redeemed within ``seconds``, and what it grants.

    Raises:
        ProtocolError: ``too_many_tokens``.
    """
    now = int(unix_time())
    grant = Grant(
        id=uuid4().hex,
        session=session.id,
        room=session.room,
        role=role,
        scopes=frozenset(scopes),
        issued=now,
        redeem_by=now + seconds,
        origin=origin,
    )
    app[TOKENS].add(grant)
    return app[SIGNING].sign(grant), grant


def bearer_of(request: web.Request) -> str:
    """Return what the request has in ``Authorization: Bearer``, or nothing."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""


def presents_token(request: web.Request) -> bool:
    """Return whether a request comes with a token or key, right or wrong."""
    return bool(_tokens(request))


def _tokens(request: web.Request) -> list[str]:
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    return [
        *([bearer] if (bearer := bearer_of(request)) else []),
        *(p.strip().removeprefix(TOKEN_PREFIX) for p in offered if TOKEN_PREFIX in p),
        *([request.query["token"]] if "token" in request.query else []),
    ]
