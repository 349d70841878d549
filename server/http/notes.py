"""Notes that somebody who follows a room has kept with the records of a session."""

from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from esapr.protocol import limits
from esapr.protocol.codec import decode_body
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.notes import KEEP_NOTE, NoteAnswer, NoteRequest
from esapr.server.http.errors import json_response
from esapr.server.http.keys import AUDIT, SESSIONS, STORE
from esapr.server.http.records import authorised_record
from esapr.server.http.routing import bind
from esapr.server.http.sessions import read_body
from esapr.server.http.tokens import bearer_of, caller, granted
from esapr.server.records import RecordsError
from esapr.server.records.rows import NoteRow
from esapr.server.trust.keys import PREFIX


def routes() -> list[web.RouteDef]:
    """Return the route, for servers that keep records."""
    return [bind(KEEP_NOTE, post_note)]


async def post_note(request: web.Request) -> web.Response:
    """Keep a note with the records of a session.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid`` or ``scope_missing``; ``consent_required``
            where the receipt does not cover records; ``text_empty``, ``text_too_long``,
            ``too_many_notes`` or ``records_away``.
    """
    session, actor = await _authorised(request)
    wanted = decode_body(await read_body(request), NoteRequest)
    now = datetime.now(UTC)
    note = NoteRow(
        session, wanted.note_id, wanted.t_ms, round(now.timestamp() * 1000), actor, _text(wanted)
    )
    await _keep(request, note)
    await request.app[AUDIT].write("note.kept", actor=actor, session=session, note=note.id)
    return json_response(NoteAnswer(note.id, session, now), HTTPStatus.CREATED)


async def _authorised(request: web.Request) -> tuple[str, str]:
    """Return the id of the session and who writes: whoever follows its room, or its holder.

    A token's time ends with the session, a key's does not.
    """
    if bearer_of(request).startswith(PREFIX):
        session_id = await authorised_record(request, "notes")
    else:
        session = request.app[SESSIONS].get(request.match_info["session"])
        await granted(request, "notes", room=session.room)
        session_id = session.id
    return session_id, caller(request).actor


def _text(wanted: NoteRequest) -> str:
    if not wanted.body.strip():
        raise ProtocolError(ErrorCode.TEXT_EMPTY, "the note says nothing", "body")
    if len(wanted.body) > limits.MAX_NOTE_CHARACTERS:
        most = f"at most {limits.MAX_NOTE_CHARACTERS} characters"
        raise ProtocolError(ErrorCode.TEXT_TOO_LONG, most, "body")
    return wanted.body


async def _keep(request: web.Request, note: NoteRow) -> None:
    try:
        # The session's own row may still wait to be written.
        await request.app[SESSIONS].recorder.settle()
        outcome = await request.app[STORE].keep_note(note, limits.MAX_NOTES_PER_SESSION)
    except RecordsError:
        raise ProtocolError(ErrorCode.RECORDS_AWAY, "the records do not answer") from None
    if outcome == "unrecorded":
        raise ProtocolError(
            ErrorCode.CONSENT_REQUIRED, "nothing is kept of this session", "consent.covers"
        )
    if outcome == "full":
        most = f"at most {limits.MAX_NOTES_PER_SESSION} notes a session"
        raise ProtocolError(ErrorCode.TOO_MANY_NOTES, most)
