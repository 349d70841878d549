"""Frames that waited for a late packet come all at once, in order, with the times they have."""

import threading

from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket

from esapr.server.media.decoding import Decoding
from esapr.server.media.whole_frames import Encoded, WholeFrames

TICKS = 6000


def packet(number: int, *, frame: int | None = None) -> RtpPacket:
    made = RtpPacket(
        payload_type=96,
        sequence_number=number & 0xFFFF,
        timestamp=(number if frame is None else frame) * TICKS & 0xFFFF_FFFF,
    )
    made._data = bytes([number & 0xFF])  # type: ignore[attr-defined]
    return made


def frames(encoded: Encoded | None) -> list[tuple[bytes, int]]:
    """Return data and RTP time of all frames that a packet completed."""
    if encoded is None:
        return []
    later = [(each.data, encoded.timestamp + each.timestamp) for each in encoded.behind]
    return [(encoded.data, encoded.timestamp), *later]


def test_nothing_is_behind_any_more_when_the_late_packet_has_come() -> None:
    buffer = WholeFrames(JitterBuffer(128, is_video=True))
    for number in (0, 1, *range(3, 12)):
        buffer.add(packet(number))

    came = frames(buffer.add(packet(2))[1])

    # A frame is known to be whole when the next one begins.
    assert came == [(bytes([number]), number * TICKS) for number in range(1, 11)]
    assert frames(buffer.add(packet(12))[1]) == [(bytes([11]), 11 * TICKS)]


def test_frames_of_several_packets_stay_whole() -> None:
    buffer = WholeFrames(JitterBuffer(128, is_video=True))
    for number in (0, 1, 2, 4, 5, 6):
        buffer.add(packet(number, frame=number // 2))

    came = frames(buffer.add(packet(3, frame=1))[1])

    assert came == [(b"\2\3", TICKS), (b"\4\5", 2 * TICKS)]


def test_numbers_and_times_start_over() -> None:
    buffer = WholeFrames(JitterBuffer(128, is_video=True))
    start = 65_534
    first = (0xFFFF_FFFF // TICKS) * TICKS
    for step in (0, 2, 3):
        late = packet(start + step)
        late.timestamp = (first + step * TICKS) & 0xFFFF_FFFF
        buffer.add(late)
    late = packet(start + 1)
    late.timestamp = (first + TICKS) & 0xFFFF_FFFF

    _, encoded = buffer.add(late)

    assert encoded is not None
    assert encoded.timestamp == first
    assert [frame.timestamp for frame in encoded.behind] == [TICKS, 2 * TICKS]


def test_a_buffer_that_overflows_asks_for_a_key_frame() -> None:
    buffer = WholeFrames(JitterBuffer(4, is_video=True))
    buffer.add(packet(0))

    asked = [buffer.add(packet(number))[0] for number in range(2, 6)]

    assert asked == [False, False, True, False]


def test_each_of_them_is_decoded_at_its_own_time() -> None:
    class Decoder:
        def decode(self, encoded: Encoded) -> list[tuple[bytes, int]]:
            return [(encoded.data, encoded.timestamp)]

    class Codec:
        name = "VP8"

    read: list[tuple[bytes, int]] = []
    queue = Decoding(lambda _: Decoder(), lambda: read.append, threading.Event())
    queue.put((Codec, Encoded(b"a", 100, [Encoded(b"b", 50), Encoded(b"c", 70)])))
    queue.put(None)
    queue.get()

    assert read == [(b"a", 100), (b"b", 150), (b"c", 170)]
