"""Opening, reading and ending sessions."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import hdrs, web
from msgspec import UNSET
from msgspec.structs import replace

from esapr.protocol import limits
from esapr.protocol import session_routes as calls
from esapr.protocol.codec import decode_body
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.records import ERASE_SESSION
from esapr.protocol.requests import SessionCredentials, SessionRequest
from esapr.protocol.rooms import Scope
from esapr.server.http.consent import admit, note_opened
from esapr.server.http.errors import json_response
from esapr.server.http.ice_servers import ice_servers
from esapr.server.http.keys import AUDIT, CONFIG, SESSIONS
from esapr.server.http.records import authorised_record, erase
from esapr.server.http.routing import bind
from esapr.server.http.tokens import authorised_key, caller, check_local, issue, managed_session
from esapr.server.sessions.endings import DONE
from esapr.server.sessions.views import SCOPES

DEMONSTRATION = "demonstration"


def routes(*, demo: bool) -> list[web.RouteDef]:
    """Return the routes; opening a session without a key exists only where ``demo`` says so."""
    local = [bind(calls.CREATE_DEMO_SESSION, post_demo_session)] if demo else []
    return [
        *local,
        bind(calls.CREATE_SESSION, post_session),
        bind(calls.GET_SESSION, get_session),
        bind(calls.END_SESSION, post_end),
        bind(ERASE_SESSION, delete_session),
    ]


async def post_session(request: web.Request) -> web.Response:
    """Open a session for the holder of a server key and return its credentials.

    Raises:
        ProtocolError: ``token_invalid`` or ``scope_missing`` for the key, and whatever is wrong
            with the request.
    """
    key = authorised_key(request, "sessions")
    wanted = decode_body(await read_body(request), SessionRequest)
    return await _open(request, wanted, holder=key.name, scopes=SCOPES["participant"])


async def post_demo_session(request: web.Request) -> web.Response:
    """Open a session without a key, on this machine.

    Whoever opens it may make tokens for its room, too: without keys, nobody else could.
    """
    check_local(request)
    wanted = demonstration(decode_body(await read_body(request), SessionRequest))
    most = request.app[CONFIG].demo_retention_days
    days = most if wanted.retention_days is UNSET else min(wanted.retention_days, most)
    kept_briefly = replace(wanted, retention_days=days)
    scopes = (*SCOPES["participant"], "tokens")
    return await _open(request, kept_briefly, holder="", scopes=scopes)


async def _open(
    request: web.Request, wanted: SessionRequest, *, holder: str, scopes: Iterable[Scope]
) -> web.Response:
    config, sessions, actor = request.app[CONFIG], request.app[SESSIONS], caller(request).actor
    admission = await admit(request, wanted, actor)
    session = sessions.create(wanted, holder)
    try:
        await note_opened(request.app[AUDIT], "session.opened", session.id, admission, actor)
    except ProtocolError:
        await sessions.end(session, DONE)
        raise
    token, grant = issue(
        request.app,
        session,
        "participant",
        scopes,
        # A session that nobody has come to ends after that time.
        seconds=int(min(limits.MAX_REDEEM_SECONDS, config.idle_timeout)),
        origin=None if wanted.origin is UNSET else wanted.origin,
    )
    path = f"/v1/sessions/{session.id}"
    credentials = SessionCredentials(
        session_id=session.id,
        client_token=token,
        token_id=grant.id,
        expires_at=datetime.fromtimestamp(grant.redeem_by, UTC),
        feed_url=f"{path}/feed",
        whip_url=f"{path}/whip",
        ice_servers=ice_servers(config, session.id, datetime.now(UTC)),
        room=session.room,
        room_feed_url=f"/v1/rooms/{session.room}/feed",
        policy=admission.policy,
        notice=admission.notice.text,
    )
    await sessions.owner.keep(session)
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
    return json_response((await managed_session(request, "feed")).info())


async def post_end(request: web.Request) -> web.Response:
    """End a session."""
    await request.app[SESSIONS].end(await managed_session(request, "control"), DONE)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def delete_session(request: web.Request) -> web.Response:
    """End a session, if it is open, and erase what is kept of it.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid``, ``scope_missing``, or ``records_away``:
            what was asked for is done once the database answers, whatever ends until then.
    """
    sessions, session_id = request.app[SESSIONS], await authorised_record(request, "control")
    if session_id in sessions:
        await sessions.end(sessions.get(session_id), DONE)
    await erase(request, session_id)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def read_body(request: web.Request, limit: int = limits.MAX_REQUEST_BYTES) -> bytes:
    """Return the body.

    Raises:
        ProtocolError: ``message_too_big``, ``media_unsupported`` for a compressed body, or
            ``too_slow``.
    """
    refuse_compressed(request)
    try:
        async with asyncio.timeout(limits.BODY_SECONDS):
            return await _read(request, limit)
    except TimeoutError as error:
        most = f"the body must come within {limits.BODY_SECONDS:g} seconds"
        raise ProtocolError(ErrorCode.TOO_SLOW, most) from error


def refuse_compressed(request: web.Request) -> None:
    """Refuse a body that may unpack to any size.

    Raises:
        ProtocolError: ``media_unsupported``.
    """
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise ProtocolError(ErrorCode.MEDIA_UNSUPPORTED, "the body must not be compressed")


async def _read(request: web.Request, limit: int) -> bytes:
    body = await request.content.read(limit + 1)
    while len(body) <= limit and (more := await request.content.read(limit + 1 - len(body))):
        body += more
    if len(body) > limit:
        raise ProtocolError(ErrorCode.MESSAGE_TOO_BIG, f"at most {limit} bytes")
    return body
