"""Parsers fed damaged input: each is read or refused with a code, in bounded time and memory.

``pytest tests/fuzz/test_parsers.py --fuzz-cases 100000`` is the long run; it says what it found.
"""

import asyncio
import logging
import resource
import sys
from collections import Counter
from collections.abc import Callable
from random import Random
from time import process_time

import pytest

from esapr.inference.signals import AudioWindow, Modality, VideoFrame
from esapr.protocol.binary import Kind, Media, decode_media, encode_media
from esapr.protocol.codec import Format, decode_client
from esapr.protocol.errors import ProtocolError
from esapr.server.analyses.extract import PageText, Refused, answers
from esapr.server.media.fragment import parse_fragment, with_usable_candidates
from esapr.server.media.picture import decode_picture
from esapr.server.media.reach import Reach
from esapr.server.media.sound import SoundReader
from esapr.server.media.webrtc import WebRtcPeer, check_offer
from tests.fuzz.corpus import (
    damaged,
    damaged_docx,
    damaged_text,
    fragments,
    offers,
    pdfs,
    pictures,
    streams,
)
from tests.fuzz.frames import frame

SECONDS = 5.0
"""Processor time that no input of the corpus may take: a hundred times what whole ones do."""
LEAK_MB = 100
REACH = Reach()


def offer(rng: Random) -> None:
    text = damaged_text(rng, rng.choice(offers()), fragments())
    check_offer(text)
    kept, _ = with_usable_candidates(text, REACH)
    check_candidates(kept)


def fragment(rng: Random) -> None:
    read = parse_fragment(damaged_text(rng, rng.choice(fragments()), offers()), REACH)
    assert all(REACH.includes(candidate.host) for candidate in read.candidates)


def check_candidates(sdp: str) -> None:
    """What is left names only addresses within reach."""
    lines = [line.split() for line in sdp.splitlines() if line.startswith("a=candidate:")]
    assert all(REACH.includes(parts[4]) for parts in lines)


def image(rng: Random) -> None:
    rgb = decode_picture(damaged(rng, rng.choice(pictures()), pictures()))
    assert rgb.ndim == 3
    assert max(rgb.shape) <= 320


def sound(rng: Random) -> None:
    reader, whole = SoundReader(), rng.choice(streams())
    stream = damaged(rng, whole, streams())
    refused: ProtocolError | None = None
    while stream:
        length = rng.choice((1, 27, 200, 5_000))
        piece, stream = stream[:length], stream[length:]
        try:
            for each in reader.pieces(Media(Kind.OPUS, 0, piece)):
                reader.windows(each, 0)
        except ProtocolError as error:
            refused = error
    if refused:
        raise refused


def pdf_document(rng: Random) -> None:
    read_document(damaged(rng, rng.choice(pdfs()), pdfs()), "PDF")


def docx_document(rng: Random) -> None:
    read_document(damaged_docx(rng), "DOCX")


def read_document(data: bytes, form: str) -> None:
    """Read a document as the process for it does, without that process."""
    *_, last = answers(data, form)
    if isinstance(last, Refused):
        raise ProtocolError(last.code, last.message)
    assert isinstance(last, PageText)


def media_head(rng: Random) -> None:
    whole = encode_media(Media(Kind.PCM, 1, rng.randbytes(64), 16_000))
    decode_media(damaged(rng, whole, pictures()))


def feed_message(rng: Random) -> None:
    form = rng.choice(list(Format))
    data = frame(rng, form, 1_000).data
    decode_client(data.encode() if isinstance(data, str) else data, form)


def outcome(parse: Callable[[Random], None], seed: int) -> str:
    """Return what became of a case: it was read, or refused with a code."""
    try:
        parse(Random(seed))
    except ProtocolError as error:
        return error.code
    return "read"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    "parse", [offer, fragment, image, sound, pdf_document, docx_document, media_head, feed_message]
)
def test_whatever_comes_is_read_or_refused(
    parse: Callable[[Random], None],
    fuzz_cases: int,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    # What it says of damage would be kept, and be taken for a leak.
    caplog.set_level(logging.CRITICAL, logger="pypdf")
    outcomes, slowest, warm = Counter[str](), 0.0, 0
    for seed in range(fuzz_cases):
        began = process_time()
        outcomes[outcome(parse, seed)] += 1
        slowest = max(slowest, process_time() - began)
        assert slowest < SECONDS, f"seed {seed} took {slowest:.1f} s"
        if seed == fuzz_cases // 10:
            warm = memory_mb()
    grown = memory_mb() - warm
    with capfd.disabled():
        sys.stdout.write(f"\n{parse.__name__}: {said(outcomes)}; {slowest:.2f} s, {grown:+d} MB\n")
    assert outcomes["read"]
    assert grown < LEAK_MB


@pytest.mark.real_time
async def test_whatever_is_offered_is_answered_or_refused(
    fuzz_cases: int, capfd: pytest.CaptureFixture[str]
) -> None:
    outcomes = Counter[str]()
    for seed in range(fuzz_cases):
        rng = Random(seed)
        peer = WebRtcPeer(Nobody(), fps=5.0, loopback=True, reach=REACH)
        try:
            await peer.answer(damaged_text(rng, rng.choice(offers()), fragments()))
            outcomes["answered"] += 1
        except ProtocolError as error:
            outcomes[error.code] += 1
        finally:
            await peer.close()
    await settled()
    with capfd.disabled():
        sys.stdout.write(f"\noffers: {said(outcomes)}\n")
    assert outcomes["answered"]


async def settled() -> None:
    """Wait for what a closed connection has begun: it ends by itself."""
    if begun := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(begun, timeout=10)


class Nobody:
    """A sink to which nothing comes: no peer connects."""

    def now(self) -> float:
        return 0.0

    def put_frame(self, frame: VideoFrame) -> None: ...

    def put_window(self, window: AudioWindow) -> None: ...

    def put_message(self, data: str | bytes) -> None: ...

    def track_ended(self, modality: Modality) -> None: ...


def said(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(outcomes.items()))


def memory_mb() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000
