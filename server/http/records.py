"""Who may read or erase what is kept of a session, which may have ended."""

import re

from aiohttp import web

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.rooms import Scope
from esapr.server.http.keys import SESSIONS, STORE
from esapr.server.http.staff_access import acts_as_staff, check_staff
from esapr.server.http.tokens import (
    authorised_key,
    authorised_session,
    bearer_of,
    caller,
    granted,
    managed_session,
)
from esapr.server.records import RecordsError
from esapr.server.trust.keys import PREFIX

_ID = re.compile("[0-9a-f]{32}")


async def authorised_record(request: web.Request, scope: Scope) -> str:
    """Return the id of the session that the path names, if the caller may do that with it.

    That is whoever has a token of the session with ``scope``, until ``REPORT_SECONDS`` after it
    has ended, the server key with which it was opened, or staff whose role has that scope.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid``, ``sign_in_required``, ``scope_missing`` or
            ``records_away``.
    """
    session, sessions = request.match_info["session"], request.app[SESSIONS]
    if not _ID.fullmatch(session):
        raise ProtocolError(ErrorCode.NOT_FOUND, "there is no such session")
    if acts_as_staff(request, scope):
        check_staff(request, scope)
    elif session in sessions:
        await managed_session(request, scope)
    elif bearer_of(request).startswith(PREFIX):
        await _check_holder(request, session)
    else:
        await _check_ended(request, scope, session)
    return session


async def authorised_person(request: web.Request, scope: Scope) -> str:
    """Return the id of the session that the path names, if the request has a token of its person.

    Keys, staff and those who watch are not let in.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid`` or ``scope_missing``.
    """
    session = request.match_info["session"]
    if not _ID.fullmatch(session):
        raise ProtocolError(ErrorCode.NOT_FOUND, "there is no such session")
    if session in request.app[SESSIONS]:
        await authorised_session(request, scope)
    else:
        await _check_ended(request, scope, session)
    if caller(request).role != "participant":
        raise ProtocolError(ErrorCode.SCOPE_MISSING, "that is for the person alone")
    return session


async def _check_ended(request: web.Request, scope: Scope, session: str) -> None:
    ended = request.app[SESSIONS].ended
    room = next((token.room for token in ended.of(session).values()), "")
    await granted(request, scope, room=room, session=session, tokens=ended)


async def _check_holder(request: web.Request, session: str) -> None:
    key = authorised_key(request, "sessions")
    try:
        await request.app[SESSIONS].recorder.settle()
        holder = await request.app[STORE].holder(session) if STORE in request.app else None
    except RecordsError:
        raise ProtocolError(ErrorCode.RECORDS_AWAY, "the records cannot be read now") from None
    if holder != key.name:
        raise ProtocolError(ErrorCode.NOT_FOUND, "there is no such session")


async def erase(request: web.Request, session: str, *, revoked: bool = False) -> None:
    """Erase what is kept of a session that has ended, and write that down.

    That its consent was ``revoked`` is remembered.

    Raises:
        ProtocolError: ``records_away``: it is done once the database answers; ``internal``: that
            cannot be promised.
    """
    request.app[SESSIONS].forget(session)
    recorder = request.app[SESSIONS].recorder
    await recorder.erase(session, caller(request).actor, revoked=revoked)
    await recorder.erased(session)
