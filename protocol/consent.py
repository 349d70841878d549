"""The HTTP calls that concern consent."""

from http import HTTPStatus

from esapr.protocol.calls import Answer, Body, Route
from esapr.protocol.errors import ErrorCode
from esapr.protocol.requests import Notice

GET_NOTICE = Route(
    method="GET",
    path="/v1/notice",
    name="getNotice",
    summary="What people are to be shown before they consent, by `?language=` (`en` without it).",
    answers={HTTPStatus.OK: Answer("The newest version.", Body(Notice))},
    errors=(ErrorCode.CONFIG_INVALID,),
)

REVOKE_CONSENT = Route(
    method="DELETE",
    path="/v1/sessions/{session}/consent",
    name="revokeConsent",
    summary="Revoke consent: the session ends at once, and what was kept of it is erased.",
    token=True,
    answers={HTTPStatus.NO_CONTENT: Answer("The session has ended; nothing of it is kept.")},
    errors=(
        ErrorCode.NOT_FOUND,
        ErrorCode.TOKEN_INVALID,
        ErrorCode.SCOPE_MISSING,
        ErrorCode.MOVED,
        ErrorCode.RATE_LIMITED,
    ),
)
