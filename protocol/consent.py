"""The HTTP calls that concern consent."""

from http import HTTPStatus

from esapr.protocol.calls import Answer, Body, Parameter, Route
from esapr.protocol.errors import ErrorCode
from esapr.protocol.requests import Language, Notice
from esapr.protocol.session_routes import SESSION_ERRORS

GET_NOTICE = Route(
    method="GET",
    path="/v1/notice",
    name="getNotice",
    summary="What people are to be shown before they consent.",
    query={"language": Parameter(Language, "en")},
    answers={HTTPStatus.OK: Answer("The newest version.", Body(Notice))},
    errors=(ErrorCode.CONFIG_INVALID,),
)

REVOKE_CONSENT = Route(
    method="DELETE",
    path="/v1/sessions/{session}/consent",
    name="revokeConsent",
    summary="Revoke consent: the session ends at once, and what was kept of it is erased.",
    token=True,
    key="sessions",
    answers={HTTPStatus.NO_CONTENT: Answer("The session has ended; nothing of it is kept.")},
    errors=(*SESSION_ERRORS, ErrorCode.RECORDS_AWAY),
)
