"""Notes about a session, by those who follow its room: the body, the answer and the call."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from msgspec import Meta, Struct

from esapr.protocol.calls import Answer, Body, Route
from esapr.protocol.errors import ErrorCode
from esapr.protocol.session_routes import BODY_ERRORS, SESSION_ERRORS

# For Python "$" matches before a line's end, too.
NoteId = Annotated[str, Meta(pattern=r"^(?!.*\n)[0-9a-f]{32}$")]
# The largest whole number that every reader of JSON keeps.
NoteTime = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class NoteRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /v1/sessions/{id}/notes``.

    ``note_id`` is the writer's choice, 32 hexadecimal digits: a note that is sent twice is kept
    once. ``t_ms`` is on the session clock.
    """

    note_id: NoteId
    t_ms: NoteTime
    body: str


class NoteAnswer(Struct, frozen=True):
    """A note that is kept with the records of its session."""

    note_id: str
    session_id: str
    kept_at: datetime


KEEP_NOTE = Route(
    method="POST",
    path="/v1/sessions/{session}/notes",
    name="keepNote",
    summary="Keep a note with the records of a session; absent where no records are kept.",
    token=True,
    key="sessions",
    request=Body(NoteRequest),
    answers={HTTPStatus.CREATED: Answer("The note is kept.", Body(NoteAnswer))},
    errors=(
        *SESSION_ERRORS,
        ErrorCode.BAD_MESSAGE,
        ErrorCode.CONFIG_INVALID,
        *BODY_ERRORS,
        ErrorCode.CONSENT_REQUIRED,
        ErrorCode.RECORDS_AWAY,
        ErrorCode.TEXT_EMPTY,
        ErrorCode.TEXT_TOO_LONG,
        ErrorCode.TOO_MANY_NOTES,
    ),
)
