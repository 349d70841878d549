"""Bytes to messages and back, in JSON and MessagePack."""

import re
from enum import StrEnum
from typing import TypeVar

import msgspec

from esapr.protocol.analyses import AnalysisMessage
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import ClientMessage, ServerMessage

S = TypeVar("S", bound=msgspec.Struct)


class Format(StrEnum):
    """How messages are written: JSON travels as text, MessagePack as binary frames."""

    JSON = "json"
    MSGPACK = "msgpack"


_json_encoder = msgspec.json.Encoder()
_msgpack_encoder = msgspec.msgpack.Encoder()
_client_json: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_client_msgpack: msgspec.msgpack.Decoder[ClientMessage] = msgspec.msgpack.Decoder(ClientMessage)
_server_json: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)
_analysis_json: msgspec.json.Decoder[AnalysisMessage] = msgspec.json.Decoder(AnalysisMessage)
_server_msgpack: msgspec.msgpack.Decoder[ServerMessage] = msgspec.msgpack.Decoder(ServerMessage)
# msgspec reports "... - at `$.consent.given_at`", or names an unknown field in backquotes.
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`\Z")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]+)`")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")


def encode(message: msgspec.Struct, form: Format) -> bytes:
    """Return the bytes of a message."""
    return (_json_encoder if form is Format.JSON else _msgpack_encoder).encode(message)


def decode_client(data: bytes, form: Format) -> ClientMessage:
    """Read what a client sent.

    Raises:
        ProtocolError: ``bad_message`` for bytes that are no message of protocol v1,
            ``config_invalid`` naming the field that is unknown or out of range.
    """
    decoder = _client_json if form is Format.JSON else _client_msgpack
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, f"not {form}: {error}") from None


def decode_server(data: bytes, form: Format) -> ServerMessage:
    """Read what a server sent.

    Raises:
        msgspec.DecodeError: it is not a message that this version knows.
    """
    return (_server_json if form is Format.JSON else _server_msgpack).decode(data)


def decode_analysis(data: bytes) -> AnalysisMessage:
    """Read one event of an analysis, in JSON.

    Raises:
        msgspec.DecodeError: it is not a message that this version knows.
    """
    return _analysis_json.decode(data)


def decode_body(data: bytes, kind: type[S]) -> S:
    """Read the JSON body of an HTTP request.

    Raises:
        ProtocolError: as :func:`decode_client`.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, f"not json: {error}") from None


def _invalid(message: str) -> ProtocolError:
    """Turn msgspec's message into an error that names the field."""
    found = _PATH.search(message)
    path = [found["path"]] if found and found["path"] else []
    named = _UNKNOWN.search(message) or _MISSING.search(message)
    field = ".".join(path + ([named["name"]] if named else [])) or None
    text = _PATH.sub("", message)
    code = ErrorCode.BAD_MESSAGE if field in (None, "type") else ErrorCode.CONFIG_INVALID
    return ProtocolError(code, text, field)
