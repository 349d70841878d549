"""Who may use a session: the token that its creation returned."""

from hmac import compare_digest

from aiohttp import web

from esapr.protocol import TOKEN_PREFIX
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.http.keys import SESSIONS
from esapr.server.sessions.session import Session


def authorised_session(request: web.Request) -> Session:
    """Return the session that the path names, if the request carries its token.

    The token travels as ``Authorization: Bearer``, as a WebSocket subprotocol
    ``esapr.token.<token>``, or as ``?token=`` for clients that can do neither.

    Raises:
        ProtocolError: ``not_found`` or ``token_invalid``.
    """
    session = request.app[SESSIONS].get(request.match_info["session"])
    wanted = session.token.encode()
    if not any(compare_digest(token.encode(), wanted) for token in _tokens(request)):
        raise ProtocolError(ErrorCode.TOKEN_INVALID, "the token is missing or wrong")
    return session


def _tokens(request: web.Request) -> list[str]:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    return [
        *([bearer.strip()] if scheme.lower() == "bearer" else []),
        *(p.strip().removeprefix(TOKEN_PREFIX) for p in offered if TOKEN_PREFIX in p),
        *([request.query["token"]] if "token" in request.query else []),
    ]
