"""The JSON Schema (2020-12) of every message and body; TypeScript types are made from it."""

from typing import Any

import msgspec

from esapr.protocol import (
    analyses,
    answers,
    messages,
    notes,
    recommendations,
    report,
    requests,
    rooms,
    staff,
)

_ROOTS = {
    "ClientMessage": messages.ClientMessage,
    "ServerMessage": messages.ServerMessage,
    "Notice": requests.Notice,
    "SessionRequest": requests.SessionRequest,
    "SessionCredentials": requests.SessionCredentials,
    "TokenRequest": rooms.TokenRequest,
    "TokenAnswer": rooms.TokenAnswer,
    "NoteRequest": notes.NoteRequest,
    "NoteAnswer": notes.NoteAnswer,
    "ErrorBody": requests.ErrorBody,
    "ModelInfo": requests.ModelInfo,
    "SessionInfo": answers.SessionInfo,
    "AnalysisMessage": analyses.AnalysisMessage,
    "AnalysisRequest": analyses.AnalysisRequest,
    "AnalysisCredentials": analyses.AnalysisCredentials,
    "AnalysisInfo": analyses.AnalysisInfo,
    "Report": report.Report,
    "StaffInfo": staff.StaffInfo,
    "SignedOut": staff.SignedOut,
    "RecordedSessions": staff.RecordedSessions,
    "OpenRooms": staff.OpenRooms,
    "Recommendations": recommendations.Recommendations,
}


def schema() -> dict[str, Any]:
    """Return one schema document whose ``$defs`` hold every type by name."""
    roots, definitions = msgspec.json.schema_components(
        _ROOTS.values(), ref_template="#/$defs/{name}"
    )
    for name, root in zip(_ROOTS, roots, strict=True):
        definitions.setdefault(name, root)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ESAPR protocol v1",
        "$defs": dict(sorted(definitions.items())),
    }
