"""Opening, reading and ending sessions."""

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import hdrs, web
from msgspec import UNSET
from msgspec.structs import replace

from esapr.protocol import limits
from esapr.protocol import routes as calls
from esapr.protocol.codec import decode_body
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.requests import SessionCredentials, SessionRequest
from esapr.protocol.rooms import TokenAnswer, TokenRequest
from esapr.server.http.consent import admit, note_opened
from esapr.server.http.errors import json_response
from esapr.server.http.ice_servers import ice_servers
from esapr.server.http.keys import CONFIG, SESSIONS, TOKENS
from esapr.server.http.routing import bind
from esapr.server.http.tokens import authorised_session
from esapr.server.sessions.endings import DONE
from esapr.server.sessions.views import SCOPES, VIEW
from esapr.server.trust.tokens import Grant, unix_time

DEMONSTRATION = "demonstration"


def routes(*, demo: bool) -> list[web.RouteDef]:
    """Return the routes; opening a session without a key exists only where ``demo`` says so."""
    opening = [bind(calls.CREATE_DEMO_SESSION, post_session)] if demo else []
    return [
        *opening,
        bind(calls.GET_SESSION, get_session),
        bind(calls.END_SESSION, delete_session),
        bind(calls.CREATE_TOKEN, post_token),
    ]


async def post_session(request: web.Request) -> web.Response:
    """Open a session and return its credentials.

    Whoever opens it may make tokens for its room, too: without keys, nobody else could.
    """
    refuse_foreign_origin(request)
    wanted = demonstration(decode_body(await read_body(request), SessionRequest))
    admission = await admit(request, wanted, "local")
    session = request.app[SESSIONS].create(wanted)
    await note_opened(request, session, admission, "local")
    path = f"/v1/sessions/{session.id}"
    scopes = frozenset({*SCOPES["participant"], "tokens"})
    credentials = SessionCredentials(
        session_id=session.id,
        client_token=request.app[TOKENS].issue(
            Grant(session.id, session.room, "participant", scopes)
        ),
        feed_url=f"{path}/feed",
        whip_url=f"{path}/whip",
        ice_servers=ice_servers(request.app[CONFIG], session.id, datetime.now(UTC)),
        room=session.room,
        room_feed_url=f"/v1/rooms/{session.room}/feed",
        policy=admission.policy,
        notice=admission.notice.text,
    )
    await request.app[SESSIONS].owner.keep(session)
    return json_response(credentials, HTTPStatus.CREATED, {"Location": path})


def demonstration(wanted: SessionRequest) -> SessionRequest:
    """Return the request of a demo session with its purpose.

    Raises:
        ProtocolError: ``policy_refused`` for another purpose.
    """
    if wanted.purpose not in (UNSET, DEMONSTRATION):
        raise ProtocolError(
            ErrorCode.POLICY_REFUSED, f"a demo session is for {DEMONSTRATION}", "purpose"
        )
    return replace(wanted, purpose=DEMONSTRATION)


async def get_session(request: web.Request) -> web.Response:
    """Answer with what a session is doing."""
    return json_response((await authorised_session(request, "feed")).info())


async def post_token(request: web.Request) -> web.Response:
    """Make a further token for a session or its room.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid``, ``scope_missing``, ``too_many_tokens``, or
            ``config_invalid`` for scopes that the role cannot have.
    """
    session = await authorised_session(request, "tokens")
    wanted = decode_body(await read_body(request), TokenRequest)
    allowed = SCOPES[wanted.role]
    scopes = allowed if wanted.scopes is UNSET else wanted.scopes
    if not set(scopes) <= set(allowed):
        raise ProtocolError(
            ErrorCode.CONFIG_INVALID, f"a {wanted.role} may have {', '.join(allowed)}", "scopes"
        )
    grant = Grant(
        session=session.id,
        room=session.room,
        role=wanted.role,
        scopes=frozenset(scopes),
        origin=None if wanted.origin is UNSET else wanted.origin,
        redeem_by=unix_time() + wanted.redeem_seconds,
    )
    in_room = wanted.role != "participant"
    answer = TokenAnswer(
        token=request.app[TOKENS].issue(grant),
        role=wanted.role,
        view=VIEW[wanted.role],
        scopes=list(scopes),
        feed_url=f"/v1/rooms/{session.room}/feed" if in_room else f"/v1/sessions/{session.id}/feed",
        redeem_seconds=wanted.redeem_seconds,
    )
    await request.app[SESSIONS].owner.keep(session)
    return json_response(answer, HTTPStatus.CREATED)


async def delete_session(request: web.Request) -> web.Response:
    """End a session."""
    await request.app[SESSIONS].end(await authorised_session(request, "control"), DONE)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def read_body(request: web.Request, limit: int = limits.MAX_REQUEST_BYTES) -> bytes:
    """Return the body.

    Raises:
        ProtocolError: ``message_too_big``, ``media_unsupported`` for a compressed body, or
            ``too_slow``.
    """
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise ProtocolError(ErrorCode.MEDIA_UNSUPPORTED, "the body must not be compressed")
    try:
        async with asyncio.timeout(limits.BODY_SECONDS):
            return await _read(request, limit)
    except TimeoutError as error:
        most = f"the body must come within {limits.BODY_SECONDS:g} seconds"
        raise ProtocolError(ErrorCode.TOO_SLOW, most) from error


async def _read(request: web.Request, limit: int) -> bytes:
    body = await request.content.read(limit + 1)
    while len(body) <= limit and (more := await request.content.read(limit + 1 - len(body))):
        body += more
    if len(body) > limit:
        raise ProtocolError(ErrorCode.MESSAGE_TOO_BIG, f"at most {limit} bytes")
    return body


def refuse_foreign_origin(request: web.Request) -> None:
    """Refuse a page of another site: demo sessions need no key, so any page could open them.

    Raises:
        ProtocolError: ``token_invalid``.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise ProtocolError(ErrorCode.TOKEN_INVALID, "demo sessions are for the server's own page")
