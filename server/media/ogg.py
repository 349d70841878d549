"""Ogg-Opus in pieces (RFC 3533, RFC 7845) to Opus packets with their times. No I/O.

Pages are framed by their own lengths. Their checksums are not verified: the pieces come over a
transport that has its own. A stream in another codec, or with more than one track, is refused.
"""

from dataclasses import dataclass
from struct import Struct

RATE = 48_000
"""Opus counts time in samples of 48 kHz, whatever it was made from."""

_HEAD = Struct("<4sBBqIIIB")
_CAPTURE = b"OggS"
_CONTINUED, _BEGINS = 1, 2
_MAX_PAGE = 65_307
# RFC 6716, section 3.1: samples a frame by the packet's configuration.
_SILK, _HYBRID, _CELT = (480, 960, 1_920, 2_880), (480, 960), (120, 240, 480, 960)


class OggError(ValueError):
    """The bytes are no Ogg-Opus stream."""


@dataclass(frozen=True, slots=True)
class Page:
    """The packets that one page completes.

    ``head`` is the stream's ``OpusHead``; ``start`` and ``samples`` are when the first of them
    begins and how long they are together, in samples at 48 kHz.
    """

    head: bytes
    packets: tuple[bytes, ...]
    start: int
    samples: int


class OggOpus:
    """Frames the pages of one stream that comes in pieces of any size."""

    def __init__(self) -> None:
        """Wait for a stream to begin."""
        self.cut = 0
        """Pages found so far, of sound or not."""
        self._held = b""
        self._serial = 0
        self._head = b""
        self._tags_seen = False
        self._partial = b""

    @property
    def holds(self) -> bool:
        """Whether a page has begun that is not complete yet."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[Page]:
        """Return the pages of sound that ``data`` completes.

        Raises:
            OggError: it does not go on where it should, or is not Opus. What follows is read from
                the next page on.
        """
        self._held += data
        pages = []
        while (found := self._next_page()) is not None:
            flags, granule, serial, packets, rest = found
            if flags & _BEGINS:
                self._begin(serial, packets)
            elif serial != self._serial or not self._head:
                raise OggError("a page of another stream")
            else:
                page = self._page(granule, self._whole(flags, packets, rest))
                if page is not None:
                    pages.append(page)
        return pages

    def _next_page(self) -> tuple[int, int, int, list[bytes], bytes] | None:
        """Cut one page off what is held: flags, granule, serial, whole packets and the rest."""
        if not self._held.startswith(_CAPTURE[: len(self._held)]):
            self._resynchronise()
        if len(self._held) < _HEAD.size:
            return None
        _, version, flags, granule, serial, _, _, count = _HEAD.unpack_from(self._held)
        if version:
            self._resynchronise()
        body = _HEAD.size + count
        lacing = self._held[_HEAD.size : body]
        end = body + sum(lacing)
        if len(lacing) < count or len(self._held) < end:
            return None
        packets, rest = _unlaced(self._held[body:end], lacing)
        self._held = self._held[end:]
        self.cut += 1
        return flags, granule, serial, packets, rest

    def _resynchronise(self) -> None:
        """Skip to the next page.

        Raises:
            OggError: always; there was something else where a page should begin.
        """
        at = self._held.find(_CAPTURE, 1)
        self._held = self._held[at:] if at > 0 else b""
        self._partial = b""
        raise OggError("no Ogg page where one should begin")

    def _begin(self, serial: int, packets: list[bytes]) -> None:
        self._head, self._partial, self._tags_seen = b"", b"", False
        if len(packets) != 1 or not packets[0].startswith(b"OpusHead") or len(packets[0]) < 19:
            raise OggError("the stream is not Opus")
        if packets[0][9] not in (1, 2):
            raise OggError("more than two channels")
        self._serial, self._head = serial, packets[0]

    def _whole(self, flags: int, packets: list[bytes], rest: bytes) -> list[bytes]:
        """Return the packets completed here, the first of which may have begun a page before."""
        if flags & _CONTINUED and not self._partial:
            # Its beginning was lost.
            packets = packets[1:]
        elif self._partial and packets:
            packets = [self._partial + packets[0], *packets[1:]]
        elif self._partial:
            rest = self._partial + rest
        self._partial = rest
        if len(rest) > _MAX_PAGE:
            self._partial = b""
            raise OggError("a packet is too long")
        return packets

    def _page(self, granule: int, packets: list[bytes]) -> Page | None:
        if packets and not self._tags_seen:
            if not packets[0].startswith(b"OpusTags"):
                raise OggError("the stream's tags are missing")
            self._tags_seen, packets = True, packets[1:]
        if not packets:
            return None
        samples = sum(duration(packet) for packet in packets)
        return Page(self._head, tuple(packets), granule - samples, samples)


def _unlaced(body: bytes, lacing: bytes) -> tuple[list[bytes], bytes]:
    """Return the packets that end in a page's body, and what is left for the next page."""
    packets, start, end = [], 0, 0
    for length in lacing:
        end += length
        if length < 255:
            packets.append(body[start:end])
            start = end
    return packets, body[start:]


def duration(packet: bytes) -> int:
    """Return how long an Opus packet is, in samples at 48 kHz.

    Raises:
        OggError: the packet is empty, cut short or longer than 120 ms.
    """
    if not packet:
        raise OggError("an Opus packet is empty")
    configuration, code = packet[0] >> 3, packet[0] & 3
    if code == 3 and len(packet) < 2:
        raise OggError("an Opus packet is cut short")
    frames = packet[1] & 63 if code == 3 else (1, 2, 2)[code]
    samples = frames * _frame_samples(configuration)
    if not 0 < samples <= RATE * 120 // 1000:
        raise OggError("an Opus packet is longer than 120 ms")
    return samples


def _frame_samples(configuration: int) -> int:
    if configuration < 12:
        return _SILK[configuration % 4]
    return _HYBRID[configuration % 2] if configuration < 16 else _CELT[configuration % 4]
