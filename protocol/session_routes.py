"""The calls that open, read and end sessions, and make and revoke their tokens."""

from http import HTTPStatus

from esapr.protocol.answers import SessionInfo
from esapr.protocol.calls import Answer, Body, Route
from esapr.protocol.errors import ErrorCode
from esapr.protocol.requests import SessionCredentials, SessionRequest
from esapr.protocol.rooms import TokenAnswer, TokenRequest

SESSION_ERRORS = (
    ErrorCode.NOT_FOUND,
    ErrorCode.TOKEN_INVALID,
    ErrorCode.SCOPE_MISSING,
    ErrorCode.MOVED,
    ErrorCode.RATE_LIMITED,
)
"""How a call for a session can fail, whatever it is for."""

BODY_ERRORS = (ErrorCode.MEDIA_UNSUPPORTED, ErrorCode.MESSAGE_TOO_BIG, ErrorCode.TOO_SLOW)
"""How a body can be refused before anybody looks into it."""

_OPENED = {
    HTTPStatus.CREATED: Answer(
        "The session is open.", Body(SessionCredentials), {"Location": "The session's path."}
    )
}
_OPENING = (
    ErrorCode.BAD_MESSAGE,
    ErrorCode.CONFIG_INVALID,
    ErrorCode.TOKEN_INVALID,
    ErrorCode.CONSENT_REQUIRED,
    ErrorCode.POLICY_REFUSED,
    *BODY_ERRORS,
    ErrorCode.OVERLOADED,
    ErrorCode.RATE_LIMITED,
    ErrorCode.ROOM_FULL,
    ErrorCode.SHUTTING_DOWN,
)

CREATE_SESSION = Route(
    method="POST",
    path="/v1/sessions",
    name="createSession",
    summary="Open a session, from a partner's backend.",
    key="sessions",
    request=Body(SessionRequest),
    answers=_OPENED,
    errors=(*_OPENING, ErrorCode.SCOPE_MISSING),
)

CREATE_DEMO_SESSION = Route(
    method="POST",
    path="/v1/demo/sessions",
    name="createDemoSession",
    summary="Open a session without a key. Exists on loopback addresses only, for the server's "
    "own page.",
    request=Body(SessionRequest),
    answers=_OPENED,
    errors=_OPENING,
)

GET_SESSION = Route(
    method="GET",
    path="/v1/sessions/{session}",
    name="getSession",
    summary="What a session is doing.",
    token=True,
    key="sessions",
    answers={HTTPStatus.OK: Answer("The session is open.", Body(SessionInfo))},
    errors=SESSION_ERRORS,
)

END_SESSION = Route(
    method="POST",
    path="/v1/sessions/{session}/end",
    name="endSession",
    summary="End a session; its records stay.",
    token=True,
    key="sessions",
    answers={HTTPStatus.NO_CONTENT: Answer("The session has ended.")},
    errors=SESSION_ERRORS,
)

CREATE_TOKEN = Route(
    method="POST",
    path="/v1/sessions/{session}/tokens",
    name="createToken",
    summary="Make a further token for the session or its room.",
    token=True,
    key="sessions",
    request=Body(TokenRequest),
    answers={HTTPStatus.CREATED: Answer("The token is made.", Body(TokenAnswer))},
    errors=(
        *SESSION_ERRORS,
        ErrorCode.BAD_MESSAGE,
        ErrorCode.CONFIG_INVALID,
        *BODY_ERRORS,
        ErrorCode.TOO_MANY_TOKENS,
    ),
)

REVOKE_TOKEN = Route(
    method="DELETE",
    path="/v1/sessions/{session}/tokens/{token}",
    name="revokeToken",
    summary="Revoke a token by its `token_id`; what it has opened is closed.",
    token=True,
    key="sessions",
    answers={HTTPStatus.NO_CONTENT: Answer("The token opens nothing any more.")},
    errors=SESSION_ERRORS,
)

REVOKE_TOKENS = Route(
    method="DELETE",
    path="/v1/sessions/{session}/tokens",
    name="revokeTokens",
    summary="Revoke every token of a session; the session goes on until it is idle.",
    token=True,
    key="sessions",
    answers={HTTPStatus.NO_CONTENT: Answer("No token opens the session any more.")},
    errors=SESSION_ERRORS,
)
