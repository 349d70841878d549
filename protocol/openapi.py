"""The OpenAPI 3.1 document of the HTTP calls."""

import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec

from esapr.protocol import VERSION
from esapr.protocol.calls import JSON, Answer, Body, Route
from esapr.protocol.errors import ErrorCode
from esapr.protocol.requests import ErrorBody
from esapr.protocol.routes import ROUTES

Json = dict[str, Any]
_PARAMETER = re.compile(r"\{(\w+)\}")
_SECURITY_SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A server key.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The `client_token` of the session.",
    },
    "staff": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-esapr-staff",
        "description": "Signed-in staff, from the server's own pages only.",
    },
    "subprotocol": {
        "type": "apiKey",
        "in": "header",
        "name": "Sec-WebSocket-Protocol",
        "description": "`esapr.token.<client_token>` beside the feed's subprotocol.",
    },
    "query": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "For clients that can set no header; addresses reach access logs.",
    },
}

_RETRY = {"Retry-After": "After how many seconds to try again."}
_REFUSAL_HEADERS = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "`Bearer`."},
    HTTPStatus.TOO_MANY_REQUESTS: _RETRY,
    HTTPStatus.SERVICE_UNAVAILABLE: _RETRY,
}


@cache
def openapi() -> Json:
    """Return the document. Not to be modified: it is made once."""
    bodies = [body.kind for route in ROUTES for body in _bodies(route) if body.media_type == JSON]
    bodies += [route.header[1] for route in ROUTES if route.header]
    schemas, components = msgspec.json.schema_components(
        [*bodies, ErrorBody], ref_template="#/components/schemas/{name}"
    )
    # A type has one schema wherever it is used.
    schema_of = dict(zip(map(str, bodies), schemas, strict=False))
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ESAPR",
            "version": str(VERSION),
            "description": "Live expression states of face, voice and text. A score describes "
            "what is shown, not what a person feels.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def _bodies(route: Route) -> list[Body]:
    answered = [answer.body for answer in route.answers.values() if answer.body]
    return [*([route.request] if route.request else []), *answered]


def _operation(route: Route, schema_of: Mapping[str, Json]) -> Json:
    operation: Json = {"operationId": route.name, "summary": route.summary}
    if parameters := _parameters(route, schema_of):
        operation["parameters"] = parameters
    if content := _request(route, schema_of):
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = {
        f"{status:d}": _response(answer, schema_of) for status, answer in route.answers.items()
    } | _refusals(route)
    operation["security"] = [{name: []} for name in _schemes(route)]
    return operation


def _schemes(route: Route) -> list[str]:
    """Return the security schemes of which one is needed."""
    needed = {"key": route.key, "staff": route.staff}
    return [name for name in _SECURITY_SCHEMES if needed.get(name, route.token)]


def _parameters(route: Route, schema_of: Mapping[str, Json]) -> list[Json]:
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    parameters += [
        {
            "name": name,
            "in": "query",
            "schema": msgspec.json.schema(parameter.kind) | {"default": parameter.default},
        }
        for name, parameter in route.query.items()
    ]
    if route.header:
        name, kind = route.header
        content = {JSON: {"schema": schema_of[str(kind)]}}
        parameters.append({"name": name, "in": "header", "required": True, "content": content})
    return parameters


def _request(route: Route, schema_of: Mapping[str, Json]) -> Json:
    binary = {"schema": {"type": "string", "format": "binary"}}
    files = dict.fromkeys(route.file, binary)
    return _content(route.request, schema_of) if route.request else files


def _response(answer: Answer, schema_of: Mapping[str, Json]) -> Json:
    response: Json = {
        "description": answer.description,
        "headers": _headers(answer.headers),
    }
    for body in (answer.body, *answer.others):
        if body:
            response.setdefault("content", {}).update(_content(body, schema_of))
    return response


def _content(body: Body, schema_of: Mapping[str, Json]) -> Json:
    if body.kind is None:
        return {body.media_type: {}}
    schema = schema_of[str(body.kind)] if body.media_type == JSON else {"type": "string"}
    return {body.media_type: {"schema": schema}}


def _refusals(route: Route) -> Json:
    """Return the answers to what goes wrong, by status; each lists its codes."""
    by_status: dict[HTTPStatus, list[ErrorCode]] = {}
    for code in route.errors:
        by_status.setdefault(code.status, []).append(code)
    return {
        f"{status:d}": {
            "description": ", ".join(f"`{code}`" for code in codes),
            "headers": _headers(_REFUSAL_HEADERS.get(status, {})),
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
        }
        for status, codes in sorted(by_status.items())
    }


def _headers(described: Mapping[str, str]) -> Json:
    return {
        name: {"description": text, "required": True, "schema": {"type": "string"}}
        for name, text in described.items()
    }
