"""The calls of staff: who is signed in, which sessions and rooms there are, the way into a room.

Staff sign in at the deployment's OpenID provider and are known by a cookie. Where nobody signs in,
these calls exist on loopback addresses only, for whoever sits there.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Literal

from msgspec import Struct

from esapr.protocol.calls import Answer, Body, Route
from esapr.protocol.errors import ErrorCode
from esapr.protocol.messages import Totals
from esapr.protocol.requests import Modality
from esapr.protocol.rooms import Member, Scope, TokenAnswer

StaffRole = Literal["clinician", "supervisor"]

SignInProblem = Literal["away", "denied", "refused", "stale", "unknown_role"]
"""Why nobody was signed in: what ``/staff?problem=`` says to the page."""


class StaffInfo(Struct, frozen=True):
    """Answer to ``GET /v1/staff/session``.

    ``records`` says whether sessions are recorded here. ``name`` is what the provider calls the
    person; it and ``ends_at`` are null for whoever sits at the machine of a server on which nobody
    signs in.
    """

    role: StaffRole
    scopes: list[Scope]
    records: bool
    name: str | None
    ends_at: datetime | None


class SignedOut(Struct, frozen=True):
    """Answer to ``DELETE /v1/staff/session``: the browser goes to ``next``."""

    next: str


class RecordedSession(Struct, frozen=True):
    """One session of which records are kept.

    ``closed_at``, ``reason`` and ``totals`` are null while it is open, and where its end was not
    seen.
    """

    session: str
    participant: str
    room: str
    opened_at: datetime
    closed_at: datetime | None
    reason: str | None
    modalities: list[Modality]
    totals: Totals | None


class RecordedSessions(Struct, frozen=True):
    """Answer to ``GET /v1/staff/sessions``, newest first; ``next`` is the path of earlier ones."""

    sessions: list[RecordedSession]
    next: str | None


class OpenRoom(Struct, frozen=True):
    """A room with somebody in it."""

    room: str
    members: list[Member]


class OpenRooms(Struct, frozen=True):
    """Answer to ``GET /v1/staff/rooms``, by name."""

    rooms: list[OpenRoom]


_REFUSALS = (ErrorCode.SIGN_IN_REQUIRED, ErrorCode.SCOPE_MISSING, ErrorCode.TOKEN_INVALID)

GET_STAFF_SESSION = Route(
    method="GET",
    path="/v1/staff/session",
    name="getStaffSession",
    summary="Who is signed in.",
    staff=True,
    answers={
        HTTPStatus.OK: Answer("Somebody is.", Body(StaffInfo)),
        HTTPStatus.NO_CONTENT: Answer("Nobody is."),
    },
    errors=(ErrorCode.SCOPE_MISSING, ErrorCode.TOKEN_INVALID),
)

END_STAFF_SESSION = Route(
    method="DELETE",
    path="/v1/staff/session",
    name="endStaffSession",
    summary="Sign out, here and then at the provider.",
    staff=True,
    answers={HTTPStatus.OK: Answer("Nobody is signed in any more.", Body(SignedOut))},
    errors=(*_REFUSALS, ErrorCode.INTERNAL),
)

LIST_SESSIONS = Route(
    method="GET",
    path="/v1/staff/sessions",
    name="listRecordedSessions",
    summary="The sessions of which records are kept, fifty at a time; absent where none are.",
    staff=True,
    answers={HTTPStatus.OK: Answer("Newest first.", Body(RecordedSessions))},
    errors=(*_REFUSALS, ErrorCode.CONFIG_INVALID, ErrorCode.RECORDS_AWAY),
)

LIST_ROOMS = Route(
    method="GET",
    path="/v1/staff/rooms",
    name="listOpenRooms",
    summary="The rooms with somebody in them.",
    staff=True,
    answers={HTTPStatus.OK: Answer("By name.", Body(OpenRooms))},
    errors=_REFUSALS,
)

ENTER_ROOM = Route(
    method="POST",
    path="/v1/staff/rooms/{room}/tokens",
    name="createRoomToken",
    summary="Make a token for a room's feed, of the role that the caller has.",
    staff=True,
    answers={HTTPStatus.CREATED: Answer("The token is made.", Body(TokenAnswer))},
    errors=(
        *_REFUSALS,
        ErrorCode.NOT_FOUND,
        ErrorCode.MOVED,
        ErrorCode.RATE_LIMITED,
        ErrorCode.TOO_MANY_TOKENS,
    ),
)

_ELSEWHERE = {"Location": "Where the browser goes."}

SIGN_IN = Route(
    method="GET",
    path="/staff/sign-in",
    name="signIn",
    summary="Begin to sign in, and come back to `?page=`; absent where nobody signs in.",
    answers={HTTPStatus.SEE_OTHER: Answer("To the OpenID provider.", None, _ELSEWHERE)},
    errors=(ErrorCode.NOT_FOUND, ErrorCode.RATE_LIMITED),
)

SIGN_IN_CALLBACK = Route(
    method="GET",
    path="/staff/callback",
    name="finishSignIn",
    summary="Where the provider sends the browser back to; absent where nobody signs in.",
    answers={
        HTTPStatus.SEE_OTHER: Answer(
            "To the page, or to `/staff?problem=` with what is in the way.", None, _ELSEWHERE
        )
    },
    errors=(ErrorCode.NOT_FOUND, ErrorCode.RATE_LIMITED),
)

STAFF_ROUTES = (
    GET_STAFF_SESSION,
    END_STAFF_SESSION,
    LIST_SESSIONS,
    LIST_ROOMS,
    ENTER_ROOM,
    SIGN_IN,
    SIGN_IN_CALLBACK,
)
