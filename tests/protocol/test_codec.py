"""The codec: golden messages, round trips, and every way to be refused."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given
from msgspec import inspect

from esapr.protocol import analyses, limits, messages, requests
from esapr.protocol.codec import (
    Format,
    decode_analysis,
    decode_body,
    decode_client,
    decode_server,
    encode,
)
from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError

WIRE = Path(__file__).parents[1] / "wire"
CLIENT = get_args(messages.ClientMessage)
SERVER = get_args(messages.ServerMessage)
FOUND = get_args(analyses.AnalysisMessage)
FORMATS = pytest.mark.parametrize("form", Format)


def tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Every value that a type of the protocol allows."""
    return STRATEGIES[type(kind)](kind)


def structs(kind: inspect.StructType) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {field.name: values(field.type) for field in kind.fields if field.required},
        optional={field.name: values(field.type) for field in kind.fields if not field.required},
    ).map(lambda fields: kind.cls(**fields))


STRATEGIES: dict[type, Callable[[Any], st.SearchStrategy[Any]]] = {
    inspect.StructType: structs,
    inspect.UnionType: lambda kind: st.one_of([values(each) for each in kind.types]),
    inspect.ListType: lambda kind: st.lists(
        values(kind.item_type), min_size=kind.min_length or 0, max_size=kind.max_length or 4
    ),
    inspect.DictType: lambda kind: st.dictionaries(
        values(kind.key_type), values(kind.value_type), max_size=3
    ),
    inspect.LiteralType: lambda kind: st.sampled_from(kind.values),
    inspect.IntType: lambda kind: st.integers(
        -(2**63) if kind.ge is None else kind.ge, 2**63 - 1 if kind.le is None else kind.le
    ),
    inspect.FloatType: lambda kind: st.floats(
        kind.ge, kind.le, allow_nan=False, allow_infinity=False
    ),
    inspect.StrType: lambda kind: st.text(
        min_size=kind.min_length or 0, max_size=kind.max_length or 20
    ),
    inspect.BoolType: lambda _: st.booleans(),
    inspect.NoneType: lambda _: st.none(),
}


def messages_of(kinds: tuple[type[msgspec.Struct], ...]) -> st.SearchStrategy[Any]:
    return st.one_of([values(inspect.type_info(kind)) for kind in kinds])


def golden(kind: type[msgspec.Struct]) -> bytes:
    return (WIRE / f"{tag(kind)}.json").read_bytes()


@FORMATS
@pytest.mark.parametrize("kind", CLIENT, ids=tag)
def test_golden_client_messages(kind: type[msgspec.Struct], form: Format) -> None:
    message = decode_client(golden(kind), Format.JSON)

    assert isinstance(message, kind)
    assert decode_client(encode(message, form), form) == message
    assert json.loads(encode(message, Format.JSON)) == json.loads(golden(kind))


@FORMATS
@pytest.mark.parametrize("kind", SERVER, ids=tag)
def test_golden_server_messages(kind: type[msgspec.Struct], form: Format) -> None:
    message = decode_server(golden(kind), Format.JSON)

    assert isinstance(message, kind)
    assert decode_server(encode(message, form), form) == message
    assert json.loads(encode(message, Format.JSON)) == json.loads(golden(kind))


@pytest.mark.parametrize("kind", FOUND, ids=tag)
def test_golden_events_of_an_analysis(kind: type[msgspec.Struct]) -> None:
    message = decode_analysis(golden(kind))

    assert isinstance(message, kind)
    assert json.loads(encode(message, Format.JSON)) == json.loads(golden(kind))


@given(message=messages_of(FOUND))
def test_events_of_an_analysis_come_back_as_they_were(message: Any) -> None:
    assert decode_analysis(encode(message, Format.JSON)) == message


@FORMATS
@given(message=messages_of(CLIENT))
def test_client_messages_come_back_as_they_were(message: Any, form: Format) -> None:
    assert decode_client(encode(message, form), form) == message


@FORMATS
@given(message=messages_of(SERVER))
def test_server_messages_come_back_as_they_were(message: Any, form: Format) -> None:
    assert decode_server(encode(message, form), form) == message


@FORMATS
@given(data=st.binary(max_size=64))
def test_noise_is_refused_with_a_protocol_error_or_read(data: bytes, form: Format) -> None:
    with suppress(ProtocolError):
        decode_client(data, form)


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("", ErrorCode.BAD_MESSAGE, None),
        ("{", ErrorCode.BAD_MESSAGE, None),
        ("[]", ErrorCode.BAD_MESSAGE, None),
        ("{}", ErrorCode.BAD_MESSAGE, "type"),
        ('{"type": 1}', ErrorCode.BAD_MESSAGE, "type"),
        ('{"type": "shrug"}', ErrorCode.BAD_MESSAGE, "type"),
        ('{"type": "state"}', ErrorCode.BAD_MESSAGE, "type"),
        ('{"type": "ping", "t": NaN}', ErrorCode.BAD_MESSAGE, None),
        ('{"type": "close"} {}', ErrorCode.BAD_MESSAGE, None),
        ('{"nested": ' + "[" * 100_000, ErrorCode.BAD_MESSAGE, None),
        ('{"type": "hello"}', ErrorCode.CONFIG_INVALID, "version"),
        ('{"type": "hello", "version": "1"}', ErrorCode.CONFIG_INVALID, "version"),
        ('{"type": "hello", "version": 1, "tick": 5}', ErrorCode.CONFIG_INVALID, "tick"),
        (
            '{"type": "hello", "version": 1, "resume": {"last_seq": -1}}',
            ErrorCode.CONFIG_INVALID,
            "resume.last_seq",
        ),
        (
            '{"type": "hello", "version": 1, "resume": {"seq": 1}}',
            ErrorCode.CONFIG_INVALID,
            "resume.seq",
        ),
        ('{"type": "configure", "detail": "all"}', ErrorCode.CONFIG_INVALID, "detail"),
        ('{"type": "text", "body": "x", "at_ms": -1}', ErrorCode.CONFIG_INVALID, "at_ms"),
        (
            '{"type": "text", "body": "x", "source": "dream"}',
            ErrorCode.CONFIG_INVALID,
            "source",
        ),
    ],
)
def test_bad_messages_are_refused_by_code_and_field(
    text: str, code: ErrorCode, field: str | None
) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_client(text.encode(), Format.JSON)

    assert (refused.value.code, refused.value.field) == (code, field)
    assert not refused.value.code.retryable


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", encode(messages.Ping(1.0), Format.MSGPACK)[:-1], b"\x81\x01\x02"],
    ids=["empty", "not a map", "cut short", "key is a number"],
)
def test_bad_messagepack_is_a_bad_message(data: bytes) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_client(data, Format.MSGPACK)

    assert refused.value.code is ErrorCode.BAD_MESSAGE


def test_text_that_is_not_utf8_is_a_bad_message() -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_client(b'{"type": "text", "body": "\xff"}', Format.JSON)

    assert refused.value.code is ErrorCode.BAD_MESSAGE


@pytest.mark.parametrize("tick_ms", [limits.MIN_TICK_MS, limits.MAX_TICK_MS])
def test_ticks_at_the_limit_are_taken(tick_ms: int) -> None:
    message = decode_client(
        json.dumps({"type": "configure", "tick_ms": tick_ms}).encode(), Format.JSON
    )

    assert message == messages.Configure(tick_ms=tick_ms)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tick_ms", limits.MIN_TICK_MS - 1),
        ("tick_ms", limits.MAX_TICK_MS + 1),
        ("modalities", []),
        ("modalities", ["face"] * 4),
        ("modalities", ["smell"]),
    ],
)
def test_configurations_past_the_limit_are_refused(field: str, value: Any) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_client(json.dumps({"type": "configure", field: value}).encode(), Format.JSON)

    assert refused.value.code is ErrorCode.CONFIG_INVALID
    assert (refused.value.field or "").split("[")[0] == field


def session_request(**changes: Any) -> bytes:
    consent = {
        "subject": "p",
        "text_version": "1",
        "given_at": "2026-01-01T12:00:00Z",
        "method": "button",
    }
    return json.dumps({"consent": consent, **changes}).encode()


def test_a_session_request_has_defaults() -> None:
    request = decode_body(session_request(), requests.SessionRequest)

    assert request.tick_ms == limits.DEFAULT_TICK_MS
    assert request.modalities == ["face", "voice", "text"]


@pytest.mark.parametrize("length", [1, limits.MAX_NAME_CHARACTERS])
def test_names_at_the_limit_are_taken(length: int) -> None:
    request = decode_body(session_request(participant="é" * length), requests.SessionRequest)

    assert len(request.participant) == length


@pytest.mark.parametrize("length", [0, limits.MAX_NAME_CHARACTERS + 1])
def test_names_past_the_limit_are_refused(length: int) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_body(session_request(participant="é" * length), requests.SessionRequest)

    assert (refused.value.code, refused.value.field) == (ErrorCode.CONFIG_INVALID, "participant")


def test_a_field_missing_in_a_nested_object_is_named_by_its_path() -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_body(session_request(consent={"subject": "p"}), requests.SessionRequest)

    assert refused.value.field == "consent.text_version"


def test_a_client_ignores_fields_it_does_not_know() -> None:
    document = json.loads(golden(messages.Gap)) | {"invented": "later"}

    assert decode_server(json.dumps(document).encode(), Format.JSON) == messages.Gap(
        "s_4f1c", 17, 23
    )


def test_close_codes_are_in_the_ranges_that_rfc_6455_allows() -> None:
    assert all(1000 <= code <= 1015 or 4000 <= code <= 4999 for code in CloseCode)


def test_which_errors_may_be_tried_again() -> None:
    assert {code for code in ErrorCode if code.retryable} == {
        ErrorCode.BASELINE_EMPTY,
        ErrorCode.BEHIND,
        ErrorCode.ICE_NOT_CONNECTED,
        ErrorCode.INTERNAL,
        ErrorCode.MOVED,
        ErrorCode.OVERLOADED,
        ErrorCode.RATE_LIMITED,
        ErrorCode.RECORDS_AWAY,
        ErrorCode.ROOM_FULL,
        ErrorCode.SHUTTING_DOWN,
        ErrorCode.TOO_MANY_FEEDS,
        ErrorCode.TOO_SLOW,
        ErrorCode.UNRESPONSIVE,
    }
