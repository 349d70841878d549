"""The report of a session, while it is open and afterwards, in each of its forms."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import get_args

import structlog
from aiohttp import hdrs, web

from esapr.protocol import records as calls
from esapr.protocol.calls import JSON
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.report import Absence, Expression, Report
from esapr.server.http.errors import json_response
from esapr.server.http.health import models_in_use
from esapr.server.http.keys import AUDIT, GATE, PRESS, SESSIONS, STORE
from esapr.server.http.records import authorised_record
from esapr.server.http.routing import bind
from esapr.server.http.tokens import caller
from esapr.server.records import RecordsError
from esapr.server.records.comparison import MOST_PEOPLE
from esapr.server.records.packing import recorded_state
from esapr.server.records.report import EARLIER_SESSIONS, Beside, mean_of, report
from esapr.server.records.rows import Recording
from esapr.server.records.table import table
from esapr.server.reports.beside import Background
from esapr.server.reports.blocks import Sheet
from esapr.server.reports.emotionml import emotionml
from esapr.server.reports.page import page
from esapr.server.reports.paper import paper
from esapr.server.reports.sheet import sheet

log = structlog.get_logger()


def routes() -> list[web.RouteDef]:
    """Return the routes, for servers that keep records."""
    return [
        bind(calls.GET_REPORT, get_report),
        bind(calls.GET_REPORT_TABLE, get_table),
        bind(calls.GET_REPORT_PAGE, get_page),
        bind(calls.GET_REPORT_PDF, get_pdf),
        bind(calls.GET_REPORT_EMOTIONML, get_emotionml),
    ]


async def get_report(request: web.Request) -> web.Response:
    """Answer with the report in the form that is accepted, as JSON if that is or none is named.

    Raises:
        ProtocolError: ``token_invalid``, ``scope_missing``, ``not_found``, ``consent_revoked``,
            ``records_away``, or ``config_invalid`` for a timeline or a language there is not.
    """
    form = _accepted(request.headers.get(hdrs.ACCEPT, ""))
    if form is not None:
        return await form(request)
    full = _choice(request, "timeline") == "full"
    return json_response(await _report(request, full=full))


async def get_table(request: web.Request) -> web.Response:
    """Answer with every state as calls.CSV. Raises what :func:`get_report` does."""
    recording = await _recording(request)
    text = await asyncio.to_thread(_table, recording)
    return web.Response(text=text, content_type=calls.CSV)


async def get_page(request: web.Request) -> web.Response:
    """Answer with the report as an HTML file. Raises what :func:`get_report` does."""
    made = await _sheet(request)
    text = await asyncio.to_thread(page, made)
    return _file(request, text.encode(), calls.HTML, "html")


async def get_pdf(request: web.Request) -> web.Response:
    """Answer with the report as a PDF.

    Raises:
        ProtocolError: what :func:`get_report` raises, ``overloaded`` or ``internal``.
    """
    made = await _sheet(request)
    text = await asyncio.to_thread(paper, made)
    return _file(request, await request.app[PRESS].pdf(text), calls.PDF, "pdf")


async def get_emotionml(request: web.Request) -> web.Response:
    """Answer with every state as EmotionML. Raises what :func:`get_report` does."""
    made = await _report(request, full=True)
    text = await asyncio.to_thread(emotionml, made)
    return _file(request, text, calls.EMOTIONML, "emotionml")


_FORMS: Mapping[str, Callable[[web.Request], Awaitable[web.Response]]] = {
    calls.CSV: get_table,
    calls.HTML: get_page,
    calls.PDF: get_pdf,
    calls.EMOTIONML: get_emotionml,
}


def _accepted(accept: str) -> Callable[[web.Request], Awaitable[web.Response]] | None:
    """Return what answers in the first form that is named; None for JSON."""
    named = [kind.partition(";")[0].strip() for kind in accept.split(",")]
    if JSON in named:
        return None
    return next((_FORMS[kind] for kind in named if kind in _FORMS), None)


def _choice(request: web.Request, name: str) -> str:
    parameter = calls.GET_REPORT.query[name]
    known = get_args(parameter.kind)
    chosen = request.query.get(name, parameter.default)
    if chosen not in known:
        raise ProtocolError(ErrorCode.CONFIG_INVALID, f"must be {' or '.join(known)}", name)
    return chosen


async def _sheet(request: web.Request) -> Sheet:
    language = _choice(request, "language")
    made = await _report(request, full=False)
    notices = request.app[GATE].notices
    shown = made.consent.text_version == notices.version
    notice = notices.text(made.consent.language) if shown else ""
    background = Background(notice, models_in_use(request.app))
    return await asyncio.to_thread(sheet, made, background, language)


async def _report(request: web.Request, *, full: bool) -> Report:
    recording = await _recording(request)
    store, facts = request.app[STORE], recording.facts
    try:
        earlier = await store.earlier(recording, EARLIER_SESSIONS)
        lines = await store.lines(facts.session) if facts.keep_text else []
        before = [each.facts.session for each in earlier if lines and each.facts.keep_text]
        earlier_lines = [line for session in before for line in await store.lines(session)]
        people = await _people(request, recording)
    except RecordsError as error:
        raise _away(error) from None
    beside = Beside(earlier, lines, people, earlier_lines)
    return await asyncio.to_thread(report, recording, beside, full=full)


async def _people(request: web.Request, recording: Recording) -> Sequence[Expression] | Absence:
    """Return the mean of one session each of a group of other people, or why there is none."""
    facts, store = recording.facts, request.app[STORE]
    allowed = request.app[GATE].policy.cohorts
    if not allowed:
        return "off"
    if facts.purpose not in allowed:
        return "not_allowed"
    if not facts.cohort:
        return "not_covered"
    means: list[Expression] = []
    for session in await store.group(recording, MOST_PEOPLE):
        other = await store.read(session)
        mean = await asyncio.to_thread(mean_of, other) if other else None
        means += [mean] if mean else []
    return means


async def _recording(request: web.Request) -> Recording:
    session = await authorised_record(request, "report")
    try:
        await request.app[SESSIONS].recorder.settle()
        found = await request.app[STORE].read(session)
        revoked = found is None and await request.app[STORE].revoked(session)
    except RecordsError as error:
        raise _away(error) from None
    if revoked:
        raise ProtocolError(ErrorCode.CONSENT_REVOKED, "consent was revoked: nothing is kept")
    if found is None:
        raise ProtocolError(ErrorCode.NOT_FOUND, "nothing is recorded of such a session")
    await request.app[AUDIT].write("report.read", actor=caller(request).actor, session=session)
    return found


def _table(recording: Recording) -> str:
    return table(recorded_state(row) for row in recording.states)


def _file(request: web.Request, body: bytes, media_type: str, suffix: str) -> web.Response:
    """Return what a browser saves, and never shows as a page of this origin."""
    name = f"esapr-{request.match_info['session'][:8]}.{suffix}"
    headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'}
    charset = None if media_type == calls.PDF else "utf-8"
    return web.Response(body=body, content_type=media_type, charset=charset, headers=headers)


def _away(error: RecordsError) -> ProtocolError:
    log.warning("report_failed", error=str(error))
    return ProtocolError(ErrorCode.RECORDS_AWAY, "the records cannot be read now")
