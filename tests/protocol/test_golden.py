"""Golden messages in both formats, read and written by another MessagePack library too."""

import json
from pathlib import Path
from typing import Any, get_args

import msgpack
import msgspec
import pytest

from esapr.protocol import analyses, messages
from esapr.protocol.binary import Kind, Media, decode_media, encode_media
from esapr.protocol.codec import Format, decode_client, decode_server, encode

WIRE = Path(__file__).parents[1] / "wire"
CLIENT = get_args(messages.ClientMessage)
SERVER = get_args(messages.ServerMessage)
FOUND = tuple({*get_args(analyses.AnalysisMessage)} - {*SERVER})


def tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


EVERY = pytest.mark.parametrize("kind", [*CLIENT, *SERVER], ids=tag)


def document(kind: type[msgspec.Struct]) -> Any:
    return json.loads((WIRE / f"{tag(kind)}.json").read_bytes())


def packed(kind: type[msgspec.Struct]) -> bytes:
    return (WIRE / f"{tag(kind)}.msgpack").read_bytes()


def decoded(kind: type[msgspec.Struct], data: bytes) -> msgspec.Struct:
    decode = decode_client if kind in CLIENT else decode_server
    return decode(data, Format.MSGPACK)


def test_every_message_type_has_a_golden_message_in_both_formats() -> None:
    tags = {tag(kind) for kind in (*CLIENT, *SERVER, *FOUND)}

    assert {path.stem for path in WIRE.glob("*.json")} == tags
    assert {path.stem for path in WIRE.glob("*.msgpack")} == tags, "run `python tests/wire/pack.py`"


@EVERY
def test_golden_messagepack_is_what_the_codec_writes(kind: type[msgspec.Struct]) -> None:
    message = decoded(kind, packed(kind))

    assert isinstance(message, kind)
    assert encode(message, Format.MSGPACK) == packed(kind)


@EVERY
def test_another_library_reads_the_same(kind: type[msgspec.Struct]) -> None:
    assert msgpack.unpackb(packed(kind)) == document(kind)


@EVERY
def test_what_another_library_writes_is_read_the_same(kind: type[msgspec.Struct]) -> None:
    assert decoded(kind, msgpack.packb(document(kind))) == decoded(kind, packed(kind))


def test_numbers_without_a_fraction_may_come_as_integers() -> None:
    whole = msgpack.packb({"type": "ping", "t": 17})

    assert decode_client(whole, Format.MSGPACK) == messages.Ping(17.0)


def test_the_golden_media_message() -> None:
    media = Media(Kind.PCM, 12_345, b"\x00\x00\xff\x7f\x00\x80", 48_000)
    golden = (WIRE / "pcm.bin").read_bytes()

    assert decode_media(golden) == media
    assert encode_media(media) == golden
