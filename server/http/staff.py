"""What staff find: who is signed in, which sessions and rooms there are, the way into a room."""

import asyncio
import re
from datetime import UTC, datetime
from http import HTTPStatus

import structlog
from aiohttp import web

from esapr.protocol import staff as calls
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.rooms import TokenRequest
from esapr.protocol.staff import OpenRoom, OpenRooms, RecordedSession, RecordedSessions
from esapr.server.http.errors import json_response
from esapr.server.http.invitations import make_token
from esapr.server.http.keys import AUDIT, PROVIDER, ROOMS, SESSIONS, SIGNED_OUT, STORE
from esapr.server.http.routing import bind
from esapr.server.http.staff_access import SIGNED_IN, check_staff, drop_session
from esapr.server.records import RecordsError
from esapr.server.records.rows import Closing, Facts
from esapr.server.sessions.views import SCOPES, VIEW, Channel
from esapr.server.trust.signed_out import SignedOutError
from esapr.server.trust.tokens import unix_time

log = structlog.get_logger()

PAGE_SESSIONS = 50
REDEEM_SECONDS = 60
"""Time in which a page has to use the token for a room that it has asked for."""

_BEFORE = re.compile(r"(?P<opened_ms>\d{1,15})\.(?P<session>[0-9a-f]{32})")


def routes(*, records: bool) -> list[web.RouteDef]:
    """Return the routes, for servers whose staff sign in or sit at them."""
    kept = [bind(calls.LIST_SESSIONS, get_sessions)] if records else []
    return [
        bind(calls.GET_STAFF_SESSION, get_session),
        bind(calls.END_STAFF_SESSION, delete_session),
        *kept,
        bind(calls.LIST_ROOMS, get_rooms),
        bind(calls.ENTER_ROOM, post_room_token),
    ]


async def get_session(request: web.Request) -> web.Response:
    """Answer with who is signed in, or with nothing.

    Asking is no mistake, and browsers log what is refused as an error of the page.

    Raises:
        ProtocolError: ``scope_missing`` or ``token_invalid``.
    """
    try:
        role = check_staff(request).role
    except ProtocolError as refused:
        if refused.code is not ErrorCode.SIGN_IN_REQUIRED:
            raise
        return web.Response(status=HTTPStatus.NO_CONTENT)
    assert role in ("clinician", "supervisor")
    session = request.get(SIGNED_IN)
    return json_response(
        calls.StaffInfo(
            role=role,
            scopes=list(SCOPES[role]),
            records=STORE in request.app,
            name=session.name if session else None,
            ends_at=datetime.fromtimestamp(session.ends, UTC) if session else None,
        )
    )


async def delete_session(request: web.Request) -> web.Response:
    """Sign out on every gateway, and say where the provider does.

    Raises:
        ProtocolError: ``sign_in_required``, as :func:`get_session`, or ``internal``: it cannot be
            written down.
    """
    actor = check_staff(request).actor
    session = request.get(SIGNED_IN)
    if session is None:
        # Nobody has signed in.
        return json_response(calls.SignedOut("/staff"))
    await request.app[AUDIT].write("staff.signed_out", actor=actor)
    try:
        await asyncio.to_thread(request.app[SIGNED_OUT].add, session, unix_time())
    except SignedOutError as error:
        log.error("sign_out_failed", error=str(error))
        raise ProtocolError(ErrorCode.INTERNAL, "this cannot be written down") from error
    response = json_response(calls.SignedOut(await request.app[PROVIDER].sign_out()))
    del request[SIGNED_IN]
    drop_session(request.app, response)
    return response


async def get_sessions(request: web.Request) -> web.Response:
    """Answer with the newest sessions of which records are kept, or those ``?before=`` one.

    Raises:
        ProtocolError: as :func:`delete_session`, ``config_invalid`` or ``records_away``.
    """
    actor = check_staff(request).actor
    before = _before(request.query.get("before"))
    try:
        await request.app[SESSIONS].recorder.settle()
        found = await request.app[STORE].newest(PAGE_SESSIONS + 1, before)
    except RecordsError as error:
        log.warning("sessions_unreadable", error=str(error))
        raise ProtocolError(ErrorCode.RECORDS_AWAY, "the records cannot be read now") from None
    shown, rest = found[:PAGE_SESSIONS], found[PAGE_SESSIONS:]
    await request.app[AUDIT].write("sessions.listed", actor=actor, sessions=str(len(shown)))
    following = _after(shown[-1][0]) if rest else None
    return json_response(RecordedSessions([_shown(*each) for each in shown], following))


def _after(last: Facts) -> str:
    return f"{calls.LIST_SESSIONS.path}?before={last.opened_ms}.{last.session}"


def _before(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    form = _BEFORE.fullmatch(text)
    if form is None:
        raise ProtocolError(ErrorCode.CONFIG_INVALID, "take it from next", "before")
    return int(form["opened_ms"]), form["session"]


def _shown(facts: Facts, closing: Closing | None) -> RecordedSession:
    return RecordedSession(
        session=facts.session,
        participant=facts.person.participant,
        room=facts.person.room,
        opened_at=_moment(facts.opened_ms),
        closed_at=_moment(closing.closed_ms) if closing else None,
        reason=closing.reason if closing else None,
        modalities=facts.modalities,
        totals=closing.totals if closing else None,
    )


def _moment(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)


async def get_rooms(request: web.Request) -> web.Response:
    """Answer with the rooms of all gateways, and whom the caller's role sees in them.

    Raises:
        ProtocolError: as :func:`delete_session`.
    """
    who = check_staff(request, "feed")
    channel = Channel(VIEW[who.role or "clinician"])
    rooms = [OpenRoom(room.id, room.shown_members(channel)) for room in request.app[ROOMS].all()]
    await request.app[AUDIT].write("rooms.listed", actor=who.actor, rooms=str(len(rooms)))
    return json_response(OpenRooms(sorted(rooms, key=lambda each: each.room)))


async def post_room_token(request: web.Request) -> web.Response:
    """Make a token for a room, in the name of one of its sessions that is open here.

    Raises:
        ProtocolError: as :func:`delete_session`, ``not_found``, ``moved`` or ``too_many_tokens``.
    """
    role = check_staff(request, "feed").role
    assert role
    sessions = request.app[SESSIONS]
    room = request.app[ROOMS].get(request.match_info["room"])
    here = next((sessions.get(each) for each in room.members if each in sessions), None)
    if here is None:
        raise ProtocolError(ErrorCode.MOVED, "the room's people are at another gateway")
    return await make_token(request, here, TokenRequest(role, redeem_seconds=REDEEM_SECONDS))
