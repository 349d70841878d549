"""The HTTP calls about what is kept of a session."""

from http import HTTPStatus
from typing import Literal

from esapr.protocol.calls import Answer, Body, Parameter, Route
from esapr.protocol.errors import ErrorCode
from esapr.protocol.report import Report

CSV = "text/csv"

Timeline = Literal["brief", "full"]
"""How many points a report's timeline has: some, or one a state."""

_ERRORS = (
    ErrorCode.NOT_FOUND,
    ErrorCode.TOKEN_INVALID,
    ErrorCode.SCOPE_MISSING,
    ErrorCode.MOVED,
    ErrorCode.RECORDS_AWAY,
)

ERASE_SESSION = Route(
    method="DELETE",
    path="/v1/sessions/{session}",
    name="eraseSession",
    summary="End a session, if it is open, and erase its records.",
    token=True,
    key="sessions",
    answers={HTTPStatus.NO_CONTENT: Answer("The session has ended and nothing of it is kept.")},
    errors=_ERRORS,
)

GET_REPORT = Route(
    method="GET",
    path="/v1/sessions/{session}/report",
    name="getReport",
    summary="The report of a session, open or ended; absent where no records are kept.",
    token=True,
    key="sessions",
    query={"timeline": Parameter(Timeline, "brief")},
    answers={
        HTTPStatus.OK: Answer(
            "The report; with `Accept: text/csv` every state, one a line.",
            Body(Report),
            other=Body(str, CSV),
        )
    },
    errors=(*_ERRORS, ErrorCode.CONFIG_INVALID),
)

GET_REPORT_TABLE = Route(
    method="GET",
    path="/v1/sessions/{session}/report.csv",
    name="getReportTable",
    summary="Every state of a session, one a line; absent where no records are kept.",
    token=True,
    key="sessions",
    answers={HTTPStatus.OK: Answer("Names are on top.", Body(str, CSV))},
    errors=_ERRORS,
)

RECORDS = (ERASE_SESSION, GET_REPORT, GET_REPORT_TABLE)
