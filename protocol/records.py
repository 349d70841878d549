"""The HTTP calls about what is kept of a session."""

from http import HTTPStatus
from typing import Literal

from esapr.protocol.calls import Answer, Body, Parameter, Route
from esapr.protocol.errors import ErrorCode
from esapr.protocol.report import Report

CSV = "text/csv"
EMOTIONML = "application/emotionml+xml"
HTML = "text/html"
PDF = "application/pdf"

Timeline = Literal["brief", "full"]
"""How many points a report's timeline has: some, or one a state."""

_ERRORS = (
    ErrorCode.NOT_FOUND,
    ErrorCode.TOKEN_INVALID,
    ErrorCode.SCOPE_MISSING,
    ErrorCode.MOVED,
    ErrorCode.RECORDS_AWAY,
)
_READING = (*_ERRORS, ErrorCode.SIGN_IN_REQUIRED)
_REPORT_ERRORS = (*_READING, ErrorCode.CONSENT_REVOKED)
_PRINT_ERRORS = (*_REPORT_ERRORS, ErrorCode.CONFIG_INVALID)
_LANGUAGE = {"language": Parameter(Literal["en", "de"], "en")}

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
    staff=True,
    query={"timeline": Parameter(Timeline, "brief"), **_LANGUAGE},
    answers={
        HTTPStatus.OK: Answer(
            "The report; with another `Accept` as `report.csv`, `report.html`, `report.pdf` or "
            "`report.emotionml`.",
            Body(Report),
            others=(Body(str, CSV), Body(str, HTML), Body(None, PDF), Body(str, EMOTIONML)),
        )
    },
    errors=(*_PRINT_ERRORS, ErrorCode.OVERLOADED, ErrorCode.INTERNAL),
)

GET_REPORT_TABLE = Route(
    method="GET",
    path="/v1/sessions/{session}/report.csv",
    name="getReportTable",
    summary="Every state of a session, one a line; absent where no records are kept.",
    token=True,
    key="sessions",
    staff=True,
    answers={HTTPStatus.OK: Answer("Names are on top.", Body(str, CSV))},
    errors=_REPORT_ERRORS,
)

GET_REPORT_PAGE = Route(
    method="GET",
    path="/v1/sessions/{session}/report.html",
    name="getReportPage",
    summary="The report as one HTML file that needs nothing else.",
    token=True,
    key="sessions",
    staff=True,
    query=_LANGUAGE,
    answers={HTTPStatus.OK: Answer("For reading and printing.", Body(str, HTML))},
    errors=_PRINT_ERRORS,
)

GET_REPORT_PDF = Route(
    method="GET",
    path="/v1/sessions/{session}/report.pdf",
    name="getReportPdf",
    summary="The report as an accessible PDF (PDF/UA-1).",
    token=True,
    key="sessions",
    staff=True,
    query=_LANGUAGE,
    answers={HTTPStatus.OK: Answer("Takes a few seconds.", Body(None, PDF))},
    errors=(*_PRINT_ERRORS, ErrorCode.OVERLOADED, ErrorCode.INTERNAL),
)

GET_REPORT_EMOTIONML = Route(
    method="GET",
    path="/v1/sessions/{session}/report.emotionml",
    name="getReportEmotionml",
    summary="Every state with an expression, as EmotionML 1.0.",
    token=True,
    key="sessions",
    staff=True,
    answers={HTTPStatus.OK: Answer("One `<emotion>` a state.", Body(str, EMOTIONML))},
    errors=_REPORT_ERRORS,
)

RECORDS = (
    ERASE_SESSION,
    GET_REPORT,
    GET_REPORT_TABLE,
    GET_REPORT_PAGE,
    GET_REPORT_PDF,
    GET_REPORT_EMOTIONML,
)
