"""The HTTP calls about files; part of :data:`esapr.protocol.routes.ROUTES`."""

from http import HTTPStatus

from esapr.protocol.analyses import (
    DOCUMENT_TYPES,
    PICTURE_TYPES,
    RECORDING_TYPES,
    REQUEST_HEADER,
    AnalysisCredentials,
    AnalysisInfo,
    AnalysisRequest,
)
from esapr.protocol.calls import Answer, Body, Route
from esapr.protocol.errors import ErrorCode

EVENT_STREAM = "text/event-stream"

_ANALYSIS = (
    ErrorCode.NOT_FOUND,
    ErrorCode.TOKEN_INVALID,
    ErrorCode.RATE_LIMITED,
)

_FILES = (*RECORDING_TYPES, *PICTURE_TYPES, *DOCUMENT_TYPES)
_TAKEN = {
    HTTPStatus.ACCEPTED: Answer(
        "The file is taken.", Body(AnalysisCredentials), {"Location": "The analysis' path."}
    )
}
_TAKING = (
    ErrorCode.BAD_MESSAGE,
    ErrorCode.CONFIG_INVALID,
    ErrorCode.MEDIA_INVALID,
    ErrorCode.TOKEN_INVALID,
    ErrorCode.CONSENT_REQUIRED,
    ErrorCode.POLICY_REFUSED,
    ErrorCode.TOO_SLOW,
    ErrorCode.MESSAGE_TOO_BIG,
    ErrorCode.RECORDING_TOO_LONG,
    ErrorCode.MEDIA_UNSUPPORTED,
    ErrorCode.RATE_LIMITED,
    ErrorCode.OVERLOADED,
    ErrorCode.SHUTTING_DOWN,
)

CREATE_ANALYSIS = Route(
    method="POST",
    path="/v1/analyses",
    name="createAnalysis",
    summary="Analyse a file.",
    key="sessions",
    file=_FILES,
    header=(REQUEST_HEADER, AnalysisRequest),
    answers=_TAKEN,
    errors=(ErrorCode.SCOPE_MISSING, *_TAKING),
)

CREATE_DEMO_ANALYSIS = Route(
    method="POST",
    path="/v1/demo/analyses",
    name="createDemoAnalysis",
    summary="Analyse a file without a key. Exists on loopback addresses only, for the server's "
    "own page.",
    file=_FILES,
    header=(REQUEST_HEADER, AnalysisRequest),
    answers=_TAKEN,
    errors=_TAKING,
)

GET_ANALYSIS = Route(
    method="GET",
    path="/v1/analyses/{analysis}",
    name="getAnalysis",
    summary="How far an analysis is, and what it has found.",
    token=True,
    answers={HTTPStatus.OK: Answer("What is known so far.", Body(AnalysisInfo))},
    errors=_ANALYSIS,
)

GET_ANALYSIS_EVENTS = Route(
    method="GET",
    path="/v1/analyses/{analysis}/events",
    name="getAnalysisEvents",
    summary="What an analysis finds as it is found, as server-sent events that the AsyncAPI "
    "document describes. `Last-Event-ID` goes on behind an event.",
    token=True,
    answers={HTTPStatus.OK: Answer("The events, to the last.", Body(None, EVENT_STREAM))},
    errors=(*_ANALYSIS, ErrorCode.CONFIG_INVALID, ErrorCode.TOO_MANY_FEEDS),
)

FORGET_ANALYSIS = Route(
    method="DELETE",
    path="/v1/analyses/{analysis}",
    name="forgetAnalysis",
    summary="Stop an analysis, or forget its result.",
    token=True,
    answers={HTTPStatus.NO_CONTENT: Answer("It is stopped and forgotten.")},
    errors=_ANALYSIS,
)

ANALYSIS_ROUTES = (
    CREATE_ANALYSIS,
    CREATE_DEMO_ANALYSIS,
    GET_ANALYSIS,
    FORGET_ANALYSIS,
    GET_ANALYSIS_EVENTS,
)
