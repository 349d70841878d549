"""Consent over HTTP: the notice, what a session passes before it opens, and revocation."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Literal

from aiohttp import web
from msgspec.structs import replace

from esapr.protocol import consent as calls
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.requests import Cover, SessionRequest
from esapr.server.http.errors import json_response
from esapr.server.http.keys import AUDIT, CATALOGUE, CONFIG, GATE, SESSIONS, STORE
from esapr.server.http.records import authorised_record, erase
from esapr.server.http.routing import bind
from esapr.server.http.tokens import caller
from esapr.server.sessions.endings import revoked
from esapr.server.trust.audit_log import AuditLog, line
from esapr.server.trust.gate import Admission
from esapr.server.trust.notices import DEFAULT_LANGUAGE


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [bind(calls.GET_NOTICE, get_notice), bind(calls.REVOKE_CONSENT, delete_consent)]


async def get_notice(request: web.Request) -> web.Response:
    """Answer with what people are to be shown before they consent."""
    language = request.query.get("language", DEFAULT_LANGUAGE)
    notice = request.app[GATE].notices.get(language, "language")
    covers: list[Cover] = ["records", "text"] if STORE in request.app else []
    if covers and request.app[CONFIG].transcription_model:
        covers.append("transcript")
    if CATALOGUE in request.app:
        covers.append("recommendations")
    if STORE in request.app and request.app[GATE].policy.cohorts:
        covers.append("cohort")
    return json_response(replace(notice, covers=[*covers, "traits", "baseline"]))


async def delete_consent(request: web.Request) -> web.Response:
    """End a session at once, if it is open, and erase what its receipt covers.

    Raises:
        ProtocolError: ``not_found``, ``token_invalid``, ``scope_missing``, or ``records_away``.
    """
    sessions, session_id = request.app[SESSIONS], await authorised_record(request, "control")
    actor = caller(request).actor
    if session_id in sessions:
        # Whoever ends it has it erased, too, and writes both down.
        await sessions.end(sessions.get(session_id), revoked(actor))
        await sessions.recorder.erased(session_id)
    else:
        await request.app[AUDIT].write("consent.revoked", actor=actor, session=session_id)
        await erase(request, session_id, revoked=True)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def admit(request: web.Request, wanted: SessionRequest, actor: str) -> Admission:
    """Return why a session or analysis may be opened.

    A refusal of the policy is in the audit log first.

    Raises:
        ProtocolError: whatever :meth:`esapr.server.trust.gate.Gate.admit` raises.
    """
    gate = request.app[GATE]
    try:
        return gate.admit(wanted, datetime.now(UTC))
    except ProtocolError as error:
        if error.code is ErrorCode.POLICY_REFUSED:
            known = wanted.purpose in gate.policy.purposes
            await request.app[AUDIT].write(
                "policy.refused",
                actor=actor,
                rule=error.rule or "",
                purpose=str(wanted.purpose) if known else "unknown",
                jurisdiction=wanted.jurisdiction or "unknown",
            )
        raise


async def note_opened(
    audit: AuditLog,
    event: Literal["analysis.opened", "session.opened"],
    opened: str,
    admission: Admission,
    actor: str,
) -> None:
    """Write down why the session or analysis with the id ``opened`` is open.

    Raises:
        ProtocolError: ``internal``: it is not in the log, and so may not stay open.
    """
    about = partial(line, actor=actor, session=opened)
    overridden = [
        about("policy.overridden", rule=each.rule, reason=each.reason, person=each.person)
        for each in admission.decision.overridden
    ]
    person = audit.person(admission.receipt.subject)
    await audit.write_all(
        [
            *overridden,
            about("policy.allowed", **_reasons(admission)),
            about("consent.given", subject=person, **_receipt(admission)),
            about(event),
        ]
    )


def _reasons(admission: Admission) -> Mapping[str, str]:
    return {
        "purpose": admission.purpose,
        "jurisdiction": admission.jurisdiction or "unknown",
        "outcome": admission.decision.outcome,
        "rule": admission.decision.rule.id,
        "rules": admission.policy.version,
    }


def _receipt(admission: Admission) -> Mapping[str, str]:
    receipt = admission.receipt
    return {
        "text_version": receipt.text_version,
        "language": receipt.language,
        "sha256": admission.notice.sha256,
        "given_at": receipt.given_at.isoformat(),
        "method": receipt.method,
        "covers": " ".join(receipt.covers),
    }
