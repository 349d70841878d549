"""Further tokens for a session or its room: made, and revoked."""

from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import web
from msgspec import UNSET

from esapr.protocol import session_routes as calls
from esapr.protocol.codec import decode_body
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.rooms import Scope, TokenAnswer, TokenRequest
from esapr.server.http.errors import json_response
from esapr.server.http.keys import AUDIT, ROOMS, SESSIONS, TOKENS
from esapr.server.http.routing import bind
from esapr.server.http.sessions import read_body
from esapr.server.http.tokens import caller, issue, managed_session
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.session import Session
from esapr.server.sessions.views import SCOPES, VIEW
from esapr.server.trust.tokens import TokensRevoked


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [
        bind(calls.CREATE_TOKEN, post_token),
        bind(calls.REVOKE_TOKEN, delete_token),
        bind(calls.REVOKE_TOKENS, delete_tokens),
    ]


async def post_token(request: web.Request) -> web.Response:
    """Make a further token for a session or its room.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid``, ``scope_missing``, ``too_many_tokens``, or
            ``config_invalid`` for scopes that the role cannot have.
    """
    session = await managed_session(request, "tokens")
    return await make_token(request, session, decode_body(await read_body(request), TokenRequest))


async def make_token(request: web.Request, session: Session, wanted: TokenRequest) -> web.Response:
    """Answer with a token that an authorised caller wants, in the name of ``session``.

    Raises:
        ProtocolError: ``too_many_tokens``, or ``config_invalid`` as :func:`post_token`.
    """
    scopes = _scopes(wanted)
    token, grant = issue(
        request.app,
        session,
        wanted.role,
        scopes,
        seconds=wanted.redeem_seconds,
        origin=None if wanted.origin is UNSET else wanted.origin,
    )
    await request.app[AUDIT].write(
        "token.issued",
        actor=caller(request).actor,
        session=session.id,
        token=grant.id,
        role=grant.role,
    )
    in_room = wanted.role != "participant"
    answer = TokenAnswer(
        token=token,
        token_id=grant.id,
        role=wanted.role,
        view=VIEW[wanted.role],
        scopes=list(scopes),
        feed_url=f"/v1/rooms/{session.room}/feed" if in_room else f"/v1/sessions/{session.id}/feed",
        redeem_seconds=wanted.redeem_seconds,
    )
    await request.app[SESSIONS].owner.keep(session)
    return json_response(answer, HTTPStatus.CREATED)


def _scopes(wanted: TokenRequest) -> Sequence[Scope]:
    allowed = SCOPES[wanted.role]
    scopes = allowed if wanted.scopes is UNSET else wanted.scopes
    if not set(scopes) <= set(allowed):
        raise ProtocolError(
            ErrorCode.CONFIG_INVALID, f"a {wanted.role} may have {', '.join(allowed)}", "scopes"
        )
    return scopes


async def delete_token(request: web.Request) -> web.Response:
    """Revoke one token of a session.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid`` or ``scope_missing``.
    """
    session = await managed_session(request, "tokens")
    await _revoke(request, session, request.match_info["token"])
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def delete_tokens(request: web.Request) -> web.Response:
    """Revoke every token of a session."""
    session = await managed_session(request, "tokens")
    await _revoke(request, session, None)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _revoke(request: web.Request, session: Session, token_id: str | None) -> None:
    revoked = request.app[TOKENS].revoke(session.id, token_id)
    if token_id and not revoked:
        raise ProtocolError(ErrorCode.NOT_FOUND, "there is no such token")
    session.audience.revoke(revoked)
    session.peering.revoke(revoked)
    request.app[ROOMS].publish(session.room, Broadcast(TokensRevoked(revoked)))
    await request.app[AUDIT].write(
        "token.revoked",
        actor=caller(request).actor,
        session=session.id,
        tokens=" ".join(revoked),
    )
    await request.app[SESSIONS].owner.keep(session)
