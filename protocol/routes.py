"""Every HTTP call: what it takes, what it answers and how it can fail.

The server binds its handlers to these entries and the OpenAPI document is generated from them, so
neither can have a route that the other lacks.
"""

from http import HTTPStatus

from esapr.protocol.analysis_calls import ANALYSIS_ROUTES
from esapr.protocol.answers import Health
from esapr.protocol.calls import Answer, Body, Route
from esapr.protocol.consent import GET_NOTICE, REVOKE_CONSENT
from esapr.protocol.errors import ErrorCode
from esapr.protocol.notes import KEEP_NOTE
from esapr.protocol.recommendations import GET_RECOMMENDATIONS
from esapr.protocol.records import RECORDS
from esapr.protocol.requests import ModelInfo
from esapr.protocol.session_routes import (
    BODY_ERRORS,
    CREATE_DEMO_SESSION,
    CREATE_SESSION,
    CREATE_TOKEN,
    END_SESSION,
    GET_SESSION,
    REVOKE_TOKEN,
    REVOKE_TOKENS,
    SESSION_ERRORS,
)
from esapr.protocol.staff import STAFF_ROUTES

SDP = "application/sdp"
SDP_FRAGMENT = "application/trickle-ice-sdpfrag"
PLAIN_TEXT = "text/plain"

OPEN_FEED = Route(
    method="GET",
    path="/v1/sessions/{session}/feed",
    name="openFeed",
    summary="The WebSocket feed, described by the AsyncAPI document.",
    token=True,
    answers={HTTPStatus.SWITCHING_PROTOCOLS: Answer("The socket is open.")},
    errors=(
        *SESSION_ERRORS,
        ErrorCode.BAD_MESSAGE,
        ErrorCode.VERSION_UNSUPPORTED,
        ErrorCode.TOO_MANY_FEEDS,
    ),
)

_WHIP = "/v1/sessions/{session}/whip"
_ETAG = {"ETag": "Names the ICE session, for `If-Match`."}

OPEN_ROOM_FEED = Route(
    method="GET",
    path="/v1/rooms/{room}/feed",
    name="openRoomFeed",
    summary="The WebSocket feed of a room, described by the AsyncAPI document.",
    token=True,
    answers=OPEN_FEED.answers,
    errors=OPEN_FEED.errors,
)

PUSH_MEDIA = Route(
    method="POST",
    path=_WHIP,
    name="pushMedia",
    summary="Send media by WHIP (RFC 9725); an earlier peer of the session is replaced.",
    token=True,
    request=Body(str, SDP),
    answers={
        HTTPStatus.CREATED: Answer(
            "The SDP answer. `Link` names ICE servers, if there are any.",
            Body(str, SDP),
            {"Location": "The peer's path: PATCH and DELETE go there.", **_ETAG},
        )
    },
    errors=(
        *SESSION_ERRORS,
        ErrorCode.SDP_INVALID,
        ErrorCode.SDP_WITHOUT_MEDIA,
        ErrorCode.SDP_UNACCEPTABLE,
        *BODY_ERRORS,
        ErrorCode.SESSION_CLOSED,
        ErrorCode.TOO_MANY_CANDIDATES,
    ),
)

DESCRIBE_WHIP = Route(
    method="OPTIONS",
    path=_WHIP,
    name="describeWhip",
    summary="What the WHIP endpoint takes.",
    answers={
        HTTPStatus.OK: Answer(
            "No body.", None, {"Allow": "The methods.", "Accept-Post": "The offer's media type."}
        )
    },
)

PATCH_MEDIA = Route(
    method="PATCH",
    path=_WHIP + "/{peer}",
    name="patchMedia",
    summary="Trickle ICE, or restart it (`If-Match: *`).",
    token=True,
    request=Body(str, SDP_FRAGMENT),
    answers={
        HTTPStatus.OK: Answer("ICE restarts: the answer.", Body(str, SDP_FRAGMENT), _ETAG),
        HTTPStatus.NO_CONTENT: Answer("The candidates are taken."),
    },
    errors=(
        *SESSION_ERRORS,
        ErrorCode.SDP_INVALID,
        *BODY_ERRORS,
        ErrorCode.ETAG_REQUIRED,
        ErrorCode.ETAG_MISMATCH,
        ErrorCode.ICE_NOT_CONNECTED,
        ErrorCode.TOO_MANY_CANDIDATES,
    ),
)

STOP_MEDIA = Route(
    method="DELETE",
    path=_WHIP + "/{peer}",
    name="stopMedia",
    summary="Stop taking media from a peer; the session goes on.",
    token=True,
    answers={HTTPStatus.OK: Answer("The peer's media are no longer taken.")},
    errors=SESSION_ERRORS,
)

DESCRIBE_MEDIA = Route(
    method="OPTIONS",
    path=_WHIP + "/{peer}",
    name="describeMedia",
    summary="What the WHIP session takes.",
    answers={
        HTTPStatus.OK: Answer(
            "No body.",
            None,
            {"Allow": "The methods.", "Accept-Patch": "The fragment's media type."},
        )
    },
)

LIST_MODELS = Route(
    method="GET",
    path="/v1/models",
    name="listModels",
    summary="The models in use.",
    answers={HTTPStatus.OK: Answer("One entry a model.", Body(list[ModelInfo]))},
)

GET_OPENAPI = Route(
    method="GET",
    path="/v1/openapi.json",
    name="getOpenApi",
    summary="This document.",
    answers={HTTPStatus.OK: Answer("OpenAPI 3.1.", Body(dict))},
)

GET_ASYNCAPI = Route(
    method="GET",
    path="/v1/asyncapi.json",
    name="getAsyncApi",
    summary="The messages of the feed.",
    answers={HTTPStatus.OK: Answer("AsyncAPI 3.", Body(dict))},
)

GET_HEALTH = Route(
    method="GET",
    path="/healthz",
    name="getHealth",
    summary="Whether the process serves.",
    answers={HTTPStatus.OK: Answer("It does.", Body(Health))},
)

GET_READINESS = Route(
    method="GET",
    path="/readyz",
    name="getReadiness",
    summary="Whether every batch size of every model is warm.",
    answers={
        HTTPStatus.OK: Answer("The server is ready.", Body(Health)),
        HTTPStatus.SERVICE_UNAVAILABLE: Answer("It warms up or stops.", Body(Health)),
    },
)

GET_METRICS = Route(
    method="GET",
    path="/metrics",
    name="getMetrics",
    summary="Prometheus metrics.",
    answers={HTTPStatus.OK: Answer("Prometheus' text format.", Body(str, PLAIN_TEXT))},
)

DRAIN = Route(
    method="POST",
    path="/v1/admin/drain",
    name="drain",
    summary="Stop the server as SIGTERM does. On loopback addresses no key is needed.",
    key="admin",
    answers={HTTPStatus.ACCEPTED: Answer("It begins to stop.", Body(Health))},
    errors=(ErrorCode.TOKEN_INVALID, ErrorCode.SCOPE_MISSING, ErrorCode.RATE_LIMITED),
)

ROUTES = (
    CREATE_SESSION,
    CREATE_DEMO_SESSION,
    GET_SESSION,
    *RECORDS,
    KEEP_NOTE,
    GET_RECOMMENDATIONS,
    END_SESSION,
    GET_NOTICE,
    REVOKE_CONSENT,
    CREATE_TOKEN,
    REVOKE_TOKENS,
    REVOKE_TOKEN,
    OPEN_FEED,
    OPEN_ROOM_FEED,
    PUSH_MEDIA,
    DESCRIBE_WHIP,
    PATCH_MEDIA,
    STOP_MEDIA,
    DESCRIBE_MEDIA,
    *ANALYSIS_ROUTES,
    *STAFF_ROUTES,
    LIST_MODELS,
    GET_OPENAPI,
    GET_ASYNCAPI,
    GET_HEALTH,
    GET_READINESS,
    GET_METRICS,
    DRAIN,
)
