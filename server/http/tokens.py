"""Who may use a session or a room."""

from aiohttp import web

from esapr.protocol import TOKEN_PREFIX
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.rooms import Scope
from esapr.server.http.keys import ROOMS, SESSIONS, TOKENS
from esapr.server.sessions.session import Session
from esapr.server.trust.tokens import Grant, digest_of, unix_time


async def authorised_session(request: web.Request, scope: Scope) -> Session:
    """Return the session that the path names, if the request's token grants ``scope`` on it.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid`` or ``scope_missing``.
    """
    session = request.app[SESSIONS].get(request.match_info["session"])
    await granted(request, scope, session=session.id)
    return session


async def granted(
    request: web.Request, scope: Scope, *, session: str = "", room: str = ""
) -> Grant:
    """Return the grant of the request's token for a session or a room.

    The token travels as ``Authorization: Bearer``, as a WebSocket subprotocol
    ``esapr.token.<token>``, or as ``?token=`` for clients that can do neither.

    Raises:
        ProtocolError: ``token_invalid`` or ``scope_missing``.
    """
    for token in _tokens(request):
        digest = digest_of(token)
        grant = request.app[TOKENS].redeem(digest, unix_time())
        if grant is None and room:
            grant = await request.app[ROOMS].bus.ask_grant(digest)
        if grant is None or (grant.session != session and grant.room != room):
            continue
        if grant.origin not in (None, request.headers.get("Origin")):
            continue
        if scope not in grant.scopes or (session and grant.role != "participant"):
            raise ProtocolError(ErrorCode.SCOPE_MISSING, f"the token does not allow {scope} here")
        return grant
    raise ProtocolError(ErrorCode.TOKEN_INVALID, "the token is missing or wrong")


def _tokens(request: web.Request) -> list[str]:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    return [
        *([bearer.strip()] if scheme.lower() == "bearer" else []),
        *(p.strip().removeprefix(TOKEN_PREFIX) for p in offered if TOKEN_PREFIX in p),
        *([request.query["token"]] if "token" in request.query else []),
    ]
