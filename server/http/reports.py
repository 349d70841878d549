"""The report of a session, while it is open and afterwards."""

import asyncio
from typing import get_args

import structlog
from aiohttp import web

from esapr.protocol import records as calls
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.http.errors import json_response
from esapr.server.http.keys import AUDIT, SESSIONS, STORE
from esapr.server.http.records import authorised_record
from esapr.server.http.routing import bind
from esapr.server.http.tokens import caller
from esapr.server.records import RecordsError
from esapr.server.records.packing import recorded_state
from esapr.server.records.report import EARLIER_SESSIONS, report
from esapr.server.records.rows import Recording
from esapr.server.records.table import table

log = structlog.get_logger()

_JSON = "application/json"


def routes() -> list[web.RouteDef]:
    """Return the routes, for servers that keep records."""
    return [bind(calls.GET_REPORT, get_report), bind(calls.GET_REPORT_TABLE, get_table)]


async def get_report(request: web.Request) -> web.Response:
    """Answer with the report, or with the table of states if that is what is accepted.

    Raises:
        ProtocolError: ``token_invalid``, ``scope_missing``, ``not_found``, ``records_away``, or
            ``config_invalid`` for a timeline that is neither ``brief`` nor ``full``.
    """
    if _prefers_table(request.headers.get("Accept", "")):
        return await get_table(request)
    detail = request.query.get("timeline", "brief")
    if detail not in get_args(calls.Timeline):
        raise ProtocolError(ErrorCode.CONFIG_INVALID, "must be brief or full", "timeline")
    recording = await _recording(request)
    try:
        earlier = await request.app[STORE].earlier(recording, EARLIER_SESSIONS)
    except RecordsError as error:
        raise _away(error) from None
    full = detail == "full"
    return json_response(await asyncio.to_thread(report, recording, earlier, full=full))


async def get_table(request: web.Request) -> web.Response:
    """Answer with every state as calls.CSV.

    Raises:
        ProtocolError: as :func:`get_report`.
    """
    recording = await _recording(request)
    text = await asyncio.to_thread(_table, recording)
    return web.Response(text=text, content_type=calls.CSV)


async def _recording(request: web.Request) -> Recording:
    session = await authorised_record(request, "report")
    try:
        await request.app[SESSIONS].recorder.settle()
        found = await request.app[STORE].read(session)
    except RecordsError as error:
        raise _away(error) from None
    if found is None:
        raise ProtocolError(ErrorCode.NOT_FOUND, "nothing is recorded of such a session")
    await request.app[AUDIT].write("report.read", actor=caller(request).actor, session=session)
    return found


def _table(recording: Recording) -> str:
    return table(recorded_state(row) for row in recording.states)


def _prefers_table(accept: str) -> bool:
    """Return whether CSV is accepted, and not JSON as well."""
    named = {kind.partition(";")[0].strip() for kind in accept.split(",")}
    return calls.CSV in named and _JSON not in named


def _away(error: RecordsError) -> ProtocolError:
    log.warning("report_failed", error=str(error))
    return ProtocolError(ErrorCode.RECORDS_AWAY, "the records cannot be read now")
