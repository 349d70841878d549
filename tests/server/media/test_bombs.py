"""Pictures and sound that are small to send and much to decode: refused, or decoded in bounds."""

import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from esapr.protocol import limits
from esapr.protocol.binary import Kind, Media
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.ogg import OggError, OggOpus
from esapr.server.media.picture import decode_picture
from esapr.server.media.sound import SoundReader
from tests.server.media.encoded import ogg_opus, picture, portrait, tone

MEMORY_MB = 400
"""What decoding any picture may take: 8.3 MP in four channels, and twice that while it shrinks."""

# The limit holds from where the libraries are loaded on.
DECODE = f"""
import resource, sys
from pathlib import Path
from esapr.protocol.errors import ProtocolError
from esapr.server.media.picture import decode_picture
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
most = used + {MEMORY_MB} * 1_000_000
resource.setrlimit(resource.RLIMIT_AS, (most, most))
for name in sys.argv[1:]:
    try:
        print(decode_picture(Path(name).read_bytes()).shape)
    except ProtocolError as error:
        print(error.code)
"""


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG with a further chunk behind its header."""
    png = picture(portrait())
    return png[:33] + chunk(kind, data) + png[33:]


def progressive(scans: int, side: int = 64) -> bytes:
    """A progressive JPEG of which one short scan is repeated until there are ``scans``."""
    data = picture(np.zeros((side, side), np.uint8), "JPEG", progressive=True)
    begins = data.rindex(b"\xff\xda")
    return data[:-2] + data[begins:-2] * (scans - data.count(b"\xff\xda")) + data[-2:]


def animation(kind: str) -> bytes:
    frames = [Image.fromarray(np.full((64, 64, 3), level, np.uint8)) for level in range(200)]
    written = BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:], loop=0)
    return written.getvalue()


def exif(entries: int) -> bytes:
    """Entries that claim more data than there is."""
    entry = b"".join(struct.pack("<HHII", tag + 1, 1, 700_000, 8) for tag in range(entries))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", entries) + entry


def largest(kind: str) -> bytes:
    return picture(np.zeros((2_500, 3_320, 3), np.uint8), kind)


def test_scans_at_the_limit_are_read_and_one_more_is_refused() -> None:
    assert decode_picture(progressive(limits.MAX_JPEG_SCANS)).shape == (64, 64, 3)
    with pytest.raises(ProtocolError, match="scans") as refused:
        decode_picture(progressive(limits.MAX_JPEG_SCANS + 1))
    assert refused.value.code is ErrorCode.MEDIA_INVALID


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_of_an_animation_the_first_picture_is_taken(kind: str) -> None:
    assert decode_picture(animation(kind)).max() == 0


def test_a_progressive_header_that_claims_too_much_is_refused() -> None:
    data = bytearray(progressive(10))
    at = data.index(b"\xff\xc2") + 5
    data[at : at + 4] = struct.pack(">HH", 65_500, 65_500)
    with pytest.raises(ProtocolError, match=r"pixels|DecompressionBomb"):
        decode_picture(bytes(data))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited through Linux's /proc")
def test_no_picture_takes_more_memory_than_its_pixels_and_none_fills_the_log(
    tmp_path: Path,
) -> None:
    zeros = zlib.compress(b"\0" * 200_000_000)
    bombs = {
        "a profile": with_chunk(b"iCCP", b"p\0\0" + zeros),
        "a comment": with_chunk(b"zTXt", b"c\0\0" + zeros),
        "an international comment": with_chunk(b"iTXt", b"c\0\1\0\0\0" + zeros),
        "broken EXIF": with_chunk(b"eXIf", exif(5_000)),
        "the largest PNG": largest("PNG"),
        "the largest WebP": largest("WEBP"),
        "the largest JPEG": largest("JPEG"),
        "animated WebP": animation("WEBP"),
        "animated PNG": animation("PNG"),
    }
    for name, data in bombs.items():
        assert len(data) <= limits.MAX_IMAGE_BYTES, name
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-c", DECODE, *(str(tmp_path / name) for name in bombs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stderr == ""
    answers = dict(zip(bombs, done.stdout.splitlines(), strict=True))
    refused = {name for name, answer in answers.items() if answer == "media_invalid"}
    assert refused <= {"a profile", "a comment", "an international comment"}
    assert answers["the largest PNG"] == "(240, 319, 3)"


def test_sound_is_counted_before_it_is_decoded() -> None:
    # Opus packets of a byte stand for 120 ms each: 60,000 bytes claim nearly an hour and a half.
    head = ogg_opus(tone(0.2, 16_000), 16_000)
    begins = head.index(b"OggS", head.index(b"OpusTags"))
    stream = head[:begins] + page(head, [bytes([0b1_1111_0_11, 0b0_0_000110])] * 255)
    pieces = SoundReader().pieces(Media(Kind.OPUS, 0, stream))

    assert sum(piece.seconds for piece in pieces) > limits.MAX_AUDIO_MS / 1000


def page(stream: bytes, packets: list[bytes]) -> bytes:
    """A page of ``stream`` with short packets."""
    serial = stream[14:18]
    lacing = bytes(len(packet) for packet in packets)
    head = b"OggS\0\0" + struct.pack("<q", 2**40) + serial + struct.pack("<II", 2, 0)
    return head + bytes([len(packets)]) + lacing + b"".join(packets)


def test_a_packet_that_never_ends_is_not_held_for_ever() -> None:
    start = ogg_opus(tone(0.2, 16_000), 16_000)
    begins = start.index(b"OggS", start.index(b"OpusTags"))
    reader = OggOpus()
    reader.feed(start[:begins])
    unending = b"OggS\0\0" + b"\0" * 8 + start[14:18] + b"\0" * 8 + b"\xff" + b"\xff" * 255
    whole = unending + b"\0" * 255 * 255
    reader.feed(whole)
    with pytest.raises(OggError, match="too long"):
        reader.feed(whole)
