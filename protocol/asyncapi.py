"""The AsyncAPI 3 document of the feed."""

from functools import cache
from typing import Any, get_args

import msgspec

from esapr.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, TOKEN_PREFIX, VERSION
from esapr.protocol.binary import LAYOUT, Kind
from esapr.protocol.messages import ClientMessage, ServerMessage
from esapr.protocol.routes import JSON, OPEN_FEED

Json = dict[str, Any]
_CHANNEL = "#/channels/feed"
_SUBPROTOCOLS = (
    f"Offer `{JSON_SUBPROTOCOL}` (text frames) or `{MSGPACK_SUBPROTOCOL}` (the same messages as "
    f"MessagePack, in binary frames) and `{TOKEN_PREFIX}<client_token>` as subprotocols."
)


@cache
def asyncapi() -> Json:
    """Return the document. Not to be modified: it is made once."""
    sent = {_tag(kind): kind for kind in get_args(ClientMessage)}
    received = {_tag(kind): kind for kind in get_args(ServerMessage)}
    schemas, components = msgspec.json.schema_components(
        [*sent.values(), *received.values()], ref_template="#/components/schemas/{name}"
    )
    messages = {
        tag: _message(tag, kind, schema)
        for (tag, kind), schema in zip((sent | received).items(), schemas, strict=True)
    }
    media = {kind.name.lower(): _media(kind) for kind in Kind}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ESAPR feed",
            "version": str(VERSION),
            "description": "States out, text, media and control in, over one WebSocket.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "channels": {"feed": _channel([*messages, *media])},
        "operations": {
            "send": _operation("receive", "What a client sends.", [*sent, *media]),
            "receive": _operation("send", "What the server sends.", list(received)),
        },
        "components": {"schemas": components, "messages": messages | media},
    }


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _summary(kind: type[msgspec.Struct]) -> str:
    return (kind.__doc__ or "").partition("\n")[0]


def _message(tag: str, kind: type[msgspec.Struct], schema: Json) -> Json:
    return {"name": tag, "summary": _summary(kind), "payload": schema}


def _media(kind: Kind) -> Json:
    return {
        "name": kind.name.lower(),
        "summary": kind.description,
        "description": f"A binary frame: {LAYOUT}",
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary"},
    }


def _channel(names: list[str]) -> Json:
    return {
        "address": OPEN_FEED.path,
        "description": _SUBPROTOCOLS,
        "parameters": {"session": {"description": "The `session_id` of the session."}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }


def _operation(action: str, summary: str, names: list[str]) -> Json:
    """Return an operation as AsyncAPI has it: the application here is the server."""
    return {
        "action": action,
        "channel": {"$ref": _CHANNEL},
        "summary": summary,
        "messages": [{"$ref": f"{_CHANNEL}/messages/{name}"} for name in names],
    }
