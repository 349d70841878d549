"""The published reference: current, valid, and about every call and message there is."""

import json
import os
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from openapi_spec_validator import validate

from esapr.protocol import analyses, messages
from esapr.protocol.asyncapi import asyncapi
from esapr.protocol.binary import Kind
from esapr.protocol.errors import ErrorCode
from esapr.protocol.openapi import openapi
from esapr.protocol.publish import DOCUMENTS, text
from esapr.protocol.routes import ROUTES

ROOT = Path(__file__).parents[2]
ASYNCAPI_SCHEMA = ROOT / "web_client/node_modules/@asyncapi/specs/schemas/3.0.0.json"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_published_document_is_current(name: str) -> None:
    published = (ROOT / name).read_text(encoding="utf-8")

    assert published == text(DOCUMENTS[name]()), "run `python -m esapr.protocol.publish`"


def test_openapi_is_valid() -> None:
    validate(openapi())


def asyncapi_schema() -> dict[str, Any]:
    if not ASYNCAPI_SCHEMA.is_file():
        reason = "AsyncAPI's own schema is not installed: run `npm ci` in web_client"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    schema: dict[str, Any] = json.loads(ASYNCAPI_SCHEMA.read_text(encoding="utf-8"))
    return schema


def test_asyncapi_is_valid() -> None:
    jsonschema.validate(asyncapi(), asyncapi_schema())


def test_the_asyncapi_schema_refuses_what_is_wrong() -> None:
    wrong = asyncapi() | {"operations": {"send": {"action": "shout"}}}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, asyncapi_schema())


def test_every_call_is_described_once() -> None:
    described = [(path, method) for path, calls in openapi()["paths"].items() for method in calls]

    assert described == [(route.path, route.method.lower()) for route in ROUTES]
    assert len({route.name for route in ROUTES}) == len(ROUTES)


def test_every_error_code_of_a_call_is_under_its_status() -> None:
    for route in ROUTES:
        responses = openapi()["paths"][route.path][route.method.lower()]["responses"]
        for code in route.errors:
            assert f"`{code}`" in responses[f"{code.status:d}"]["description"]


def test_statuses_of_errors_are_errors() -> None:
    assert all(400 <= code.status < 600 for code in ErrorCode)


def test_every_message_is_in_a_channel_under_its_direction() -> None:
    operations = asyncapi()["operations"]
    named = {
        name: {message["$ref"].rpartition("/")[2] for message in operation["messages"]}
        for name, operation in operations.items()
    }
    sent = {kind.__struct_config__.tag for kind in get_args(messages.ClientMessage)}
    received = {kind.__struct_config__.tag for kind in get_args(messages.ServerMessage)}

    assert named["send"] == sent | {kind.name.lower() for kind in Kind}
    assert named["sendToRoom"] < sent
    assert named["receive"] | named["receiveFromRoom"] == received
    assert "session.created" not in named["receiveFromRoom"]
    found = {kind.__struct_config__.tag for kind in get_args(analyses.AnalysisMessage)}
    assert named["receiveEvents"] == found
    assert "trend" not in named["receive"]
