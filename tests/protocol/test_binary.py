"""The head of media messages: round trips, edges, and every way to be refused."""

from contextlib import suppress

import hypothesis.strategies as st
import pytest
from hypothesis import given

from esapr.protocol import limits
from esapr.protocol.binary import HEAD, PCM_RATES, Kind, Media, decode_media, encode_media, is_media
from esapr.protocol.codec import Format, decode_client, encode
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import Ping

TIMES = st.integers(0, 2**64 - 1)
IMAGES = st.builds(Media, st.just(Kind.IMAGE), TIMES, st.binary(min_size=1))
SOUNDS = st.builds(
    lambda at, samples, rate: Media(Kind.PCM, at, samples * 2, rate),
    TIMES,
    st.binary(min_size=1),
    st.sampled_from(PCM_RATES),
)
STREAMS = st.builds(Media, st.just(Kind.OPUS), TIMES, st.binary(min_size=1))


@given(st.one_of(IMAGES, SOUNDS, STREAMS))
def test_media_messages_come_back_as_they_were(media: Media) -> None:
    assert decode_media(encode_media(media)) == media


def test_the_head_is_twelve_bytes_as_documented() -> None:
    message = encode_media(Media(Kind.PCM, 0x0102030405060708, b"\x01\x00", 16_000))

    assert message == bytes([2, 1, 2, 0, 8, 7, 6, 5, 4, 3, 2, 1]) + b"\x01\x00"


@given(st.binary(max_size=40))
def test_noise_is_refused_with_a_protocol_error_or_read(data: bytes) -> None:
    with suppress(ProtocolError):
        decode_media(data)


def test_no_messagepack_message_is_taken_for_media() -> None:
    assert not is_media(encode(Ping(1.0), Format.MSGPACK))
    assert all(is_media(bytes([kind])) for kind in Kind)
    # 0x80 to 0x8f, 0xde and 0xdf begin a map.
    for first in (0x80, 0x8F, 0xDE, 0xDF):
        assert not is_media(bytes([first]))


def test_what_is_taken_for_media_is_no_messagepack_message() -> None:
    for first in range(0x80):
        with pytest.raises(ProtocolError):
            decode_client(bytes([first]) + b"\x00" * 20, Format.MSGPACK)


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        (b"", ErrorCode.BAD_MESSAGE, None),
        (bytes([1, 1, 0, 0]) + bytes(7), ErrorCode.BAD_MESSAGE, None),
        (HEAD.pack(0, 1, 0, 0, 5) + b"x", ErrorCode.BAD_MESSAGE, "kind"),
        (HEAD.pack(4, 1, 0, 0, 5) + b"x", ErrorCode.BAD_MESSAGE, "kind"),
        (HEAD.pack(1, 2, 0, 0, 5) + b"x", ErrorCode.BAD_MESSAGE, "version"),
        (HEAD.pack(1, 1, 1, 0, 5) + b"x", ErrorCode.CONFIG_INVALID, "flags"),
        (HEAD.pack(2, 1, 8, 0, 5) + b"xx", ErrorCode.CONFIG_INVALID, "flags"),
        (HEAD.pack(3, 1, 1, 0, 5) + b"x", ErrorCode.CONFIG_INVALID, "flags"),
        (HEAD.pack(1, 1, 0, 1, 5) + b"x", ErrorCode.CONFIG_INVALID, "reserved"),
        (HEAD.pack(1, 1, 0, 0, 5), ErrorCode.MEDIA_INVALID, "payload"),
        (HEAD.pack(2, 1, 0, 0, 5) + b"xxx", ErrorCode.MEDIA_INVALID, "payload"),
    ],
)
def test_bad_heads_are_refused_by_code_and_field(
    data: bytes, code: ErrorCode, field: str | None
) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_media(data)

    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        (Kind.IMAGE, limits.MAX_IMAGE_BYTES),
        (Kind.PCM, limits.MAX_AUDIO_BYTES),
        (Kind.OPUS, limits.MAX_AUDIO_BYTES),
    ],
)
def test_payloads_at_the_limit_are_read_and_longer_ones_refused(kind: Kind, most: int) -> None:
    head = HEAD.pack(kind, 1, 0, 0, 5)

    assert len(decode_media(head + bytes(most)).payload) == most
    with pytest.raises(ProtocolError) as refused:
        decode_media(head + bytes(most + 1))
    assert refused.value.code is ErrorCode.MESSAGE_TOO_BIG
