"""Files that are analysed: taking them in, saying how far they are, and what they show."""

import asyncio
import re
from contextlib import aclosing
from hmac import compare_digest
from http import HTTPStatus
from io import BytesIO

from aiohttp import web

from esapr.protocol import analysis_calls as calls
from esapr.protocol import limits
from esapr.protocol.analyses import (
    REQUEST_HEADER,
    AnalysisCredentials,
    AnalysisMessage,
    AnalysisRequest,
)
from esapr.protocol.codec import Format, decode_body, encode
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.requests import SessionRequest
from esapr.server.analyses.formats import format_of_type
from esapr.server.analyses.jobs import Job
from esapr.server.http.consent import admit, note_opened
from esapr.server.http.errors import json_response
from esapr.server.http.event_stream import sent
from esapr.server.http.keys import ANALYSES, AUDIT, CONFIG, SESSIONS
from esapr.server.http.routing import bind
from esapr.server.http.sessions import demonstration, refuse_compressed
from esapr.server.http.tokens import authorised_key, caller, check_local
from esapr.server.sessions.dictation import check_transcribing
from esapr.server.trust.gate import Admission


def routes(*, demo: bool) -> list[web.RouteDef]:
    """Return the routes; sending a file without a key exists only where ``demo`` says so."""
    local = [bind(calls.CREATE_DEMO_ANALYSIS, post_demo_analysis)] if demo else []
    return [
        *local,
        bind(calls.CREATE_ANALYSIS, post_analysis),
        bind(calls.GET_ANALYSIS, get_analysis),
        bind(calls.GET_ANALYSIS_EVENTS, get_events),
        bind(calls.FORGET_ANALYSIS, delete_analysis),
    ]


async def post_analysis(request: web.Request) -> web.Response:
    """Take a file in for the holder of a server key and answer where its analysis can be read.

    Raises:
        ProtocolError: ``token_invalid`` or ``scope_missing`` for the key, ``consent_required``,
            ``policy_refused``, ``config_invalid``, ``media_unsupported``, ``overloaded``,
            ``shutting_down``, ``message_too_big``, ``too_slow``, ``media_invalid`` or
            ``recording_too_long``.
    """
    authorised_key(request, "sessions")
    return await _take(request, *await wanted_analysis(request, demo=False))


async def post_demo_analysis(request: web.Request) -> web.Response:
    """Take a file in without a key, on this machine. Raises what :func:`post_analysis` does."""
    check_local(request)
    return await _take(request, *await wanted_analysis(request, demo=True))


async def _take(
    request: web.Request, wanted: AnalysisRequest, admission: Admission
) -> web.Response:
    form = format_of_type(request.content_type)
    analyses, actor = request.app[ANALYSES], caller(request).actor
    with analyses.place():
        file = await read_file(request)
        job = await analyses.create(wanted, admission.purpose, form, file)
        try:
            await note_opened(request.app[AUDIT], "analysis.opened", job.id, admission, actor)
        except ProtocolError:
            await analyses.forget(job)
            raise
    path = f"/v1/analyses/{job.id}"
    credentials = AnalysisCredentials(
        analysis_id=job.id,
        token=job.token,
        url=path,
        events_url=f"{path}/events",
        kept_seconds=limits.RESULT_SECONDS,
    )
    return json_response(credentials, HTTPStatus.ACCEPTED, {"Location": path})


async def wanted_analysis(request: web.Request, *, demo: bool) -> tuple[AnalysisRequest, Admission]:
    """Return what a file is analysed for, and why: the gate admits it as it admits a session.

    Raises:
        ProtocolError: ``bad_message``, ``config_invalid``, also where speech is to be written down
            and cannot be, or whatever :func:`esapr.server.http.consent.admit` raises.
    """
    header = request.headers.get(REQUEST_HEADER, "{}")
    wanted = decode_body(header.encode("utf-8", "replace"), AnalysisRequest)
    session = SessionRequest(
        purpose=wanted.purpose,
        jurisdiction=wanted.jurisdiction,
        subject_flags=wanted.subject_flags,
        consent=wanted.consent,
        modalities=wanted.modalities,
        transcribe=wanted.transcribe,
    )
    asked = demonstration(session) if demo else session
    admission = await admit(request, asked, caller(request).actor)
    check_transcribing(asked, request.app[SESSIONS].transcriber)
    return wanted, admission


async def read_file(request: web.Request) -> bytes:
    """Return the body, which never touches a disk.

    Raises:
        ProtocolError: ``message_too_big``, ``media_unsupported`` for a compressed body, or
            ``too_slow``.
    """
    refuse_compressed(request)
    most = limits.MAX_ANALYSIS_BYTES
    if (request.content_length or 0) > most:
        raise _too_big()
    file = BytesIO()
    try:
        async with asyncio.timeout(limits.UPLOAD_SECONDS):
            async for part in request.content.iter_any():
                if file.tell() + len(part) > most:
                    raise _too_big()
                file.write(part)
    except TimeoutError:
        raise ProtocolError(
            ErrorCode.TOO_SLOW, f"the file took longer than {limits.UPLOAD_SECONDS} s to arrive"
        ) from None
    return file.getvalue()


async def get_analysis(request: web.Request) -> web.Response:
    """Answer how far an analysis is and what it has found."""
    return json_response(authorised_job(request).info())


async def delete_analysis(request: web.Request) -> web.Response:
    """Stop an analysis and forget its result."""
    await request.app[ANALYSES].forget(authorised_job(request))
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def get_events(request: web.Request) -> web.StreamResponse:
    """Send what an analysis finds as it is found, as server-sent events (WHATWG HTML, 9.2).

    Raises:
        ProtocolError: ``config_invalid`` or ``too_many_feeds``.
    """
    job = authorised_job(request)
    after = _last_event(request)
    if job.watchers >= limits.MAX_FEEDS_PER_SESSION:
        raise ProtocolError(
            ErrorCode.TOO_MANY_FEEDS,
            f"at most {limits.MAX_FEEDS_PER_SESSION} readers of an analysis",
        )
    job.watchers += 1
    try:
        return await _send_events(request, job, after)
    finally:
        job.watchers -= 1


async def _send_events(request: web.Request, job: Job, after: int) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": calls.EVENT_STREAM, "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    silence = request.app[CONFIG].silence_timeout / 2
    async with aclosing(job.events(after, silence)) as events:
        async for number, message in events:
            if not await sent(request, response, _event(number, message)):
                break
    return response


def _event(number: int | None, message: AnalysisMessage) -> bytes:
    name = str(type(message).__struct_config__.tag).encode()
    numbered = b"" if number is None else b"id: %d\n" % number
    return numbered + b"event: %b\ndata: %b\n\n" % (name, encode(message, Format.JSON))


def _last_event(request: web.Request) -> int:
    """Return the number of the last event that the reader has, -1 if it has none."""
    text = request.headers.get("Last-Event-ID", "")
    if not text:
        return -1
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ProtocolError(ErrorCode.CONFIG_INVALID, "not the id of an event", "Last-Event-ID")
    return int(text)


def authorised_job(request: web.Request) -> Job:
    """Return the analysis that the path names, if the request has its token.

    Raises:
        ProtocolError: ``not_found`` or ``token_invalid``.
    """
    job = request.app[ANALYSES].get(request.match_info["analysis"])
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    presented = bearer.strip() if scheme.lower() == "bearer" else request.query.get("token", "")
    if not compare_digest(presented.encode("utf-8", "replace"), job.token.encode()):
        raise ProtocolError(ErrorCode.TOKEN_INVALID, "the token is missing or wrong")
    return job


def _too_big() -> ProtocolError:
    return ProtocolError(
        ErrorCode.MESSAGE_TOO_BIG, f"at most {limits.MAX_ANALYSIS_BYTES} bytes a file"
    )
