"""The AsyncAPI 3 document of the feeds."""

from functools import cache
from typing import Any, get_args

import msgspec

from esapr.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, TOKEN_PREFIX, VERSION
from esapr.protocol.analyses import AnalysisMessage
from esapr.protocol.analysis_calls import GET_ANALYSIS_EVENTS
from esapr.protocol.binary import LAYOUT, Kind
from esapr.protocol.calls import JSON, Route
from esapr.protocol.messages import (
    ClientMessage,
    Error,
    Gap,
    Hello,
    Ping,
    Pong,
    ServerMessage,
    State,
    Warning,
)
from esapr.protocol.rooms import MemberMuted, MemberPaused, Mute, RoomMessage
from esapr.protocol.routes import OPEN_FEED, OPEN_ROOM_FEED

Json = dict[str, Any]
TO_ROOM = (Hello, Mute, Ping)
FROM_ROOM = (*get_args(RoomMessage), State, Gap, Warning, Error, Pong)
ROOM_ONLY = set(get_args(RoomMessage)) - {MemberMuted, MemberPaused}
_SUBPROTOCOLS = (
    f"Offer `{JSON_SUBPROTOCOL}` (text frames) or `{MSGPACK_SUBPROTOCOL}` (the same messages as "
    f"MessagePack, in binary frames) and `{TOKEN_PREFIX}<client_token>` as subprotocols."
)


@cache
def asyncapi() -> Json:
    """Return the document. Not to be modified: it is made once."""
    sent = {_tag(kind): kind for kind in get_args(ClientMessage)}
    received = {_tag(kind): kind for kind in get_args(ServerMessage)}
    found = {_tag(kind): kind for kind in get_args(AnalysisMessage)}
    kinds = sent | received | found
    schemas, components = msgspec.json.schema_components(
        [*kinds.values()], ref_template="#/components/schemas/{name}"
    )
    messages = {
        tag: _message(tag, kind, schema)
        for (tag, kind), schema in zip(kinds.items(), schemas, strict=True)
    }
    media = {kind.name.lower(): _media(kind) for kind in Kind}
    to_session = [*sent, *media]
    from_session = [tag for tag, kind in received.items() if kind not in ROOM_ONLY]
    to_room, from_room = [_tag(kind) for kind in TO_ROOM], [_tag(kind) for kind in FROM_ROOM]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ESAPR feeds",
            "version": str(VERSION),
            "description": "States out, text, media and control in, over one WebSocket.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "channels": {
            "feed": _channel(OPEN_FEED, to_session + from_session, session="The `session_id`."),
            "roomFeed": _channel(OPEN_ROOM_FEED, to_room + from_room, room="The `room`."),
            "events": _events(list(found)),
        },
        "operations": {
            "send": _operation("feed", "receive", "What a client sends.", to_session),
            "receive": _operation("feed", "send", "What the server sends.", from_session),
            "sendToRoom": _operation("roomFeed", "receive", "What a watcher sends.", to_room),
            "receiveFromRoom": _operation("roomFeed", "send", "What a watcher gets.", from_room),
            "receiveEvents": _operation("events", "send", "What a file shows.", list(found)),
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


def _events(names: list[str]) -> Json:
    return {
        "address": GET_ANALYSIS_EVENTS.path,
        "description": "Server-sent events (WHATWG HTML, 9.2): `event` is the type of the message "
        "that `data` holds, `id` the number of a state or page, for `Last-Event-ID`.",
        "parameters": {"analysis": {"description": "The `analysis_id`."}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _channel(route: Route, names: list[str], **parameters: str) -> Json:
    return {
        "address": route.path,
        "description": _SUBPROTOCOLS,
        "parameters": {name: {"description": text} for name, text in parameters.items()},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }


def _operation(channel: str, action: str, summary: str, names: list[str]) -> Json:
    """Return an operation as AsyncAPI has it: the application here is the server."""
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
    }
