"""Ogg-Opus in pieces: the packets another demuxer finds, however the stream is cut."""

from contextlib import suppress
from functools import cache
from io import BytesIO
from itertools import pairwise

import av
import hypothesis.strategies as st
import pytest
from hypothesis import given

from esapr.server.media.ogg import OggError, OggOpus, Page, duration
from tests.server.media.encoded import ogg_opus, tone


@cache
def stream() -> bytes:
    return ogg_opus(tone(2.0, 48_000), 48_000)


@cache
def packets() -> list[bytes]:
    """The packets that FFmpeg's demuxer finds."""
    with av.open(BytesIO(stream())) as container:
        return [bytes(packet) for packet in container.demux() if packet.size]


def read(pieces: list[bytes]) -> list[Page]:
    reader = OggOpus()
    return [page for piece in pieces for page in reader.feed(piece)]


@given(st.lists(st.integers(0, 20_000), max_size=20))
def test_pieces_of_any_size_give_the_packets_of_the_whole(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(stream())]
    pieces = [stream()[a:b] for a, b in pairwise(places)]

    assert [packet for page in read(pieces) for packet in page.packets] == packets()


def test_pages_follow_each_other_in_time() -> None:
    pages = read([stream()])

    assert len(pages) > 5
    for page, following in pairwise(pages[:-1]):
        assert page.start + page.samples == following.start


def test_durations_are_those_of_the_decoder() -> None:
    decoder = av.CodecContext.create("opus", "r")
    for packet in packets()[:10]:
        (frame,) = decoder.decode(av.Packet(packet))
        assert duration(packet) == frame.samples


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (bytes([0 << 3]), 480),
        (bytes([3 << 3 | 1]), 2 * 2_880),
        (bytes([12 << 3]), 480),
        (bytes([16 << 3]), 120),
        (bytes([31 << 3 | 3, 6]), 6 * 960),
    ],
)
def test_durations_by_the_table_of_rfc_6716(packet: bytes, samples: int) -> None:
    assert duration(packet) == samples


@pytest.mark.parametrize("packet", [b"", bytes([3]), bytes([31 << 3 | 3, 0]), bytes([255, 7])])
def test_impossible_packets_are_refused(packet: bytes) -> None:
    with pytest.raises(OggError):
        duration(packet)


def test_a_lost_piece_costs_its_packets_and_no_others() -> None:
    reader = OggOpus()
    whole = read([stream()])
    places = [at for at in range(len(stream())) if stream().startswith(b"OggS", at)]
    lost = places[4]
    reader.feed(stream()[:lost])
    found = reader.feed(stream()[places[5] :])

    assert found == whole[-len(found) :]
    assert len(found) == len(places) - 5


def page(flags: int, lacing: bytes, body: bytes) -> bytes:
    return b"OggS" + bytes([0, flags]) + bytes(20) + bytes([len(lacing)]) + lacing + body


def test_a_packet_that_goes_on_over_pages_is_put_together_or_left_out() -> None:
    # One frame of 20 ms in 600 bytes: 510 on its first page, 90 on the next.
    packet = bytes([31 << 3]) + bytes(range(200)) * 2 + bytes(199)
    short = bytes([31 << 3, 7])
    head = page(2, bytes([19]), b"OpusHead" + bytes([1, 1]) + bytes(9))
    tags = page(0, bytes([16]), b"OpusTags" + bytes(8))
    begun = page(0, bytes([255, 255]), packet[:510])
    ended = page(1, bytes([90, 2]), packet[510:] + short)

    (whole,) = read([head, tags, begun, ended])
    assert whole.packets == (packet, short)
    (rest,) = read([head, tags, ended])
    assert rest.packets == (short,)


def test_noise_is_refused_and_the_next_page_is_read() -> None:
    reader = OggOpus()
    with pytest.raises(OggError):
        reader.feed(b"noise" + stream())
    assert [packet for page in reader.feed(b"") for packet in page.packets] == packets()


def test_another_codec_is_refused() -> None:
    with pytest.raises(OggError, match="not Opus"):
        OggOpus().feed(stream().replace(b"OpusHead", b"\x01vorbis "))


@given(st.binary(max_size=200), st.integers(0, 3_000), st.integers(0, 255))
def test_damage_never_breaks_the_reader(noise: bytes, at: int, byte: int) -> None:
    damaged = bytearray(stream()[:4_000])
    damaged[at] = byte
    reader = OggOpus()
    for piece in (bytes(damaged[:1_000]), noise, bytes(damaged[1_000:])):
        with suppress(OggError):
            reader.feed(piece)
