"""Whole inputs of every kind that the server parses, and the damage that is done to them.

A parser that comes later takes part with three lines: its whole inputs, and :func:`damaged`.
"""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from zipfile import ZIP_STORED, ZipFile
from zlib import compress

import numpy as np

from tests.server.analyses.written import docx, encrypted_pdf, pdf, pdf_of_streams
from tests.server.media.encoded import ogg_opus, picture, portrait, tone

OFFER = Path(__file__).parent / "offer.sdp"
TRICKLE = """a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw
a=candidate:3471623853 1 udp 2122194687 2001:db8::2 61765 typ srflx raddr :: rport 9
a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0
a=end-of-candidates
"""
NUMBERS = ("0", "-1", "1", "255", "65535", "65536", "4294967296", "1e9", "9" * 40, "0x10", "", "٣")
WORDS = ("", " ", "*", "\x00", "é", "a" * 900, "..", "\u2028", "127.0.0.1", "::1", "localhost")
TOKENS = (
    *("sendonly", "recvonly", "inactive", "sendrecv", "actpass", "active", "passive", "holdconn"),
    *(
        "VP8/90000",
        "opus/48000/2",
        "H264/90000",
        "rtx/90000",
        "red/48000/2",
        "BUNDLE",
        "udp",
        "tcp",
    ),
    *("typ", "host", "relay", "raddr", "sha-256", "UDP/TLS/RTP/SAVPF", "UDP/DTLS/SCTP", "IN IP4"),
)
MARKS = (b"\xff\xda", b"\xff\xc2", b"\xff\xd9", b"OggS", b"OpusHead", b"IHDR", b"VP8X", b"%%EOF")


@cache
def offers() -> tuple[str, ...]:
    """Offers of a browser and of aiortc, and the smallest that there may be."""
    whole = OFFER.read_text(encoding="utf-8")
    smallest = [line for line in whole.splitlines() if not line.startswith("a=extmap")]
    return whole, "\r\n".join(smallest) + "\r\n"


@cache
def fragments() -> tuple[str, ...]:
    """Fragments of trickle ICE and of restarts."""
    return TRICKLE, TRICKLE.replace("EsAw", "Else"), "a=end-of-candidates\r\n"


@cache
def pictures() -> tuple[bytes, ...]:
    """Small pictures of every format, plain and as odd as their encoders make them."""
    small = portrait()[60:124, 100:164]
    palette = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
    return (
        picture(small, "JPEG"),
        picture(small, "JPEG", progressive=True, quality=30),
        picture(
            palette, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
        ),
        picture(small, "PNG"),
        picture(palette, "PNG", bits=8, optimize=True),
        picture(small, "WEBP"),
        picture(small, "WEBP", lossless=True),
    )


@cache
def streams() -> tuple[bytes, ...]:
    """Ogg-Opus streams with pages of several lengths."""
    return tuple(ogg_opus(tone(0.3, 16_000), 16_000, page_ms=ms) for ms in (20, 100, 200))


@cache
def pdfs() -> tuple[bytes, ...]:
    """PDF with text, compressed, encrypted with an empty password and with another one."""
    text = compress(b"BT /F1 12 Tf 72 720 Td (The second page.) Tj ET")
    return (
        pdf("I am happy.", "", "The third page."),
        pdf_of_streams([(text, b"/Filter /FlateDecode ")] * 2),
        encrypted_pdf("I am happy.", ""),
        encrypted_pdf("I am happy.", "secret"),
    )


@cache
def docxs() -> tuple[bytes, ...]:
    """DOCX of one page and of two."""
    return docx("I am happy."), docx("I am happy.", "The second page.")


def damaged_docx(rng: Random) -> bytes:
    """Return a DOCX that is damaged as a whole, or in one file of a sound archive."""
    whole = rng.choice(docxs())
    if rng.randrange(2):
        return damaged(rng, whole, docxs())
    changed = BytesIO()
    with ZipFile(BytesIO(whole)) as archive, ZipFile(changed, "w", ZIP_STORED) as other:
        struck = rng.choice(archive.namelist())
        for name in archive.namelist():
            data = archive.read(name)
            other.writestr(name, damaged(rng, data) if name == struck else data)
    return changed.getvalue()


def damaged_text(rng: Random, whole: str, others: Sequence[str] = ()) -> str:
    """Return ``whole`` with lines lost, doubled, moved and mixed in, and values exchanged."""
    lines = whole.splitlines()
    for _ in range(rng.randrange(1, 6)):
        if not lines:
            break
        at = rng.randrange(len(lines))
        match rng.randrange(8):
            case 0:
                del lines[at]
            case 1:
                lines[at:at] = [lines[at]] * rng.choice((1, 2, 40, 300))
            case 2:
                lines.insert(rng.randrange(len(lines) + 1), lines.pop(at))
            case 3 if others:
                lines.insert(at, rng.choice(rng.choice(others).splitlines() or [""]))
            case 4:
                lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
            case _:
                lines[at] = with_value(rng, lines[at])
    return rng.choice(("\r\n", "\r\n", "\n", "\r")).join(lines) + rng.choice(("\r\n", ""))


def with_value(rng: Random, line: str) -> str:
    """Exchange one of the values that a line is made of."""
    separator = rng.choice((" ", " ", ":", ";", "=", "/"))
    parts = line.split(separator)
    parts[rng.randrange(len(parts))] = rng.choice(rng.choice((NUMBERS, WORDS, TOKENS)))
    return separator.join(parts)


def damaged(rng: Random, whole: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Return ``whole`` cut, spliced, with bytes changed, doubled or taken out."""
    data = bytearray(whole)
    for _ in range(rng.randrange(1, 5)):
        at, length = rng.randrange(len(data) + 1), rng.choice((1, 2, 4, 16, 256))
        match rng.randrange(7):
            case 0:
                del data[at:]
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length] * rng.choice((1, 2, 50))
            case 3:
                data[at : at + length] = rng.randbytes(min(length, 16))
            case 4:
                data[at:at] = rng.choice(MARKS)
            case 5 if others:
                other = rng.choice(others)
                data[at:] = other[rng.randrange(len(other)) :]
            case _:
                # Lengths and sizes are where parsers believe too much.
                data[at : at + 4] = rng.choice(
                    (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff")
                )
    return bytes(data)
