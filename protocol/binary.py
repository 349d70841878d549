"""Media in binary frames of the feed: a head of twelve bytes, then the payload. No I/O.

::

    offset  size  field
    0       1     kind: what the payload is
    1       1     version: 1
    2       1     flags: sample rate of PCM, by its place in ``PCM_RATES``; else 0
    3       1     reserved: 0
    4       8     captured_ms: session clock, unsigned, little endian
"""

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

from esapr.protocol import VERSION, limits
from esapr.protocol.errors import ErrorCode, ProtocolError

PCM_RATES = (8_000, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Sample rates in Hz that PCM may have."""

HEAD = Struct("<BBBBQ")
LAYOUT = (
    "kind (u8), version (u8, 1), flags (u8), reserved (u8, 0), captured_ms (u64, little endian, "
    "session clock), payload."
)


class Kind(IntEnum):
    """What a payload is. Never 0x80 or more: there a MessagePack map begins."""

    IMAGE = 1
    PCM = 2
    OPUS = 3

    @property
    def description(self) -> str:
        """What the payload holds."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    Kind.IMAGE: "Kind 1: one picture as JPEG, PNG or WebP; flags 0.",
    Kind.PCM: "Kind 2: mono sound, signed 16-bit little endian; flags is the sample rate: "
    + ", ".join(f"{number} = {rate:,} Hz" for number, rate in enumerate(PCM_RATES))
    + ".",
    Kind.OPUS: "Kind 3: any piece of an Ogg-Opus stream (RFC 7845), in order; flags 0.",
}


@dataclass(frozen=True, slots=True)
class Media:
    """One media message. ``rate`` is the sample rate of PCM in Hz, 0 for the other kinds."""

    kind: Kind
    captured_ms: int
    payload: bytes
    rate: int = 0


def is_media(data: bytes) -> bool:
    """Whether a binary frame is a media message and not one in MessagePack."""
    return data[:1] < b"\x80"


def encode_media(media: Media) -> bytes:
    """Return the bytes of a media message.

    Raises:
        ValueError: the rate is none of ``PCM_RATES``.
        struct.error: the time is negative or past 64 bits.
    """
    flags = PCM_RATES.index(media.rate) if media.kind is Kind.PCM else 0
    return HEAD.pack(media.kind, VERSION, flags, 0, media.captured_ms) + media.payload


def decode_media(data: bytes) -> Media:
    """Read a media message.

    Raises:
        ProtocolError: ``bad_message`` for a head that is cut short or of an unknown kind or
            version, ``config_invalid`` naming ``flags`` or ``reserved``, ``message_too_big`` or
            ``media_invalid`` for the payload.
    """
    if len(data) < HEAD.size:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, f"a media message has {HEAD.size} bytes of head")
    number, version, flags, reserved, captured_ms = HEAD.unpack_from(data)
    if number not in _DESCRIPTIONS:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, f"there is no kind {number}", "kind")
    kind = Kind(number)
    if version != VERSION:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, f"the version must be {VERSION}", "version")
    if reserved:
        raise ProtocolError(ErrorCode.CONFIG_INVALID, "reserved must be 0", "reserved")
    if flags >= (len(PCM_RATES) if kind is Kind.PCM else 1):
        raise ProtocolError(ErrorCode.CONFIG_INVALID, f"unknown flags {flags}", "flags")
    payload = data[HEAD.size :]
    _check_size(kind, payload)
    return Media(kind, captured_ms, payload, PCM_RATES[flags] if kind is Kind.PCM else 0)


def _check_size(kind: Kind, payload: bytes) -> None:
    most = limits.MAX_IMAGE_BYTES if kind is Kind.IMAGE else limits.MAX_AUDIO_BYTES
    if len(payload) > most:
        raise ProtocolError(ErrorCode.MESSAGE_TOO_BIG, f"at most {most} bytes", "payload")
    if not payload:
        raise ProtocolError(ErrorCode.MEDIA_INVALID, "the payload is empty", "payload")
    if kind is Kind.PCM and len(payload) % 2:
        raise ProtocolError(ErrorCode.MEDIA_INVALID, "half a sample is missing", "payload")
