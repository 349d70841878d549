"""A document, page by page: read in a process of its own, scored as lines of chat are."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice

import msgspec
from msgspec import structs

from esapr.inference.fusion import Fusion, FusionConfig
from esapr.inference.scoring import BatchFailedError
from esapr.inference.signals import Abstain, Modality, Quality, TextLine
from esapr.inference.text.analyser import TextReading
from esapr.inference.text.traits import Token
from esapr.protocol import limits
from esapr.protocol.analyses import AnalysisSummary, Page
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.events import Event
from esapr.protocol.messages import AbstainReason
from esapr.server.analyses.extract import LENGTH, Answer, Opened, PageText, Refused
from esapr.server.analyses.formats import FileFormat
from esapr.server.analyses.patience import patiently
from esapr.server.analyses.subject import Subject
from esapr.server.analyses.summary import Count
from esapr.server.limited_process import limited_process
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.sessions.personality import traits_of
from esapr.server.sessions.states import fused_message
from esapr.server.sessions.tally import Tally
from esapr.server.support.watch import Watch

PAGE_SECONDS = 30.0
"""How long the process may take for a page before it is killed."""

LINES_AT_A_TIME = 4
"""Lines in flight: a batch of four takes half as long as four batches, and is soon over."""

LEAST_CONFIDENCE = 0.3
"""Of a page: a mean of many lines is less sure than one, and right more often than it says."""

_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


@dataclass(frozen=True, slots=True)
class Paper:
    """A document as it came."""

    data: bytes
    form: FileFormat


class Document:
    """Finds what each page shows; implements :class:`Work`."""

    def __init__(
        self,
        paper: Paper,
        subject: Subject,
        pipeline: Pipeline,
        metrics: Metrics,
        fusion: FusionConfig,
    ) -> None:
        """Read ``paper``; nothing happens before :meth:`found`."""
        self._paper = paper
        self._subject = subject
        self._metrics = metrics
        analysers = pipeline.analysers(subject.analysis, traits=subject.traits)
        self._text, self._traits = analysers.text, analysers.traits
        # A page stands by itself, and its lines are equally old.
        self._fusion = replace(
            fusion,
            learned=replace(fusion.learned, min_confidence=LEAST_CONFIDENCE),
            smoothing_half_life=0.0,
            warm_up=-1.0,
            max_evidence=limits.MAX_DOCUMENT_CHARACTERS,
        )
        self._tally = Tally()
        self._count = Count()
        self._watch = Watch(subject.help_lines)
        self._events: list[Event] = []
        self.fraction = 0.0
        """How much of the document was read."""

    def summary(self) -> AnalysisSummary:
        """Return what the pages so far amount to."""
        totals = self._tally.totals()
        summary = self._count.summary(seconds=0.0, speech_ms=0, damaged=0, totals=totals)
        return structs.replace(summary, traits=traits_of(self._traits))

    async def found(self) -> AsyncGenerator[Page | Event, None]:
        """Yield what each page shows: the fused scores of its lines.

        The first page that speaks of self-harm comes behind an event that names help lines.

        Raises:
            ProtocolError: ``document_invalid``, ``document_encrypted``, ``document_too_large`` or
                ``document_without_text``.
        """
        async with _reading(self._paper) as process:
            opened = await _answer(process)
            assert isinstance(opened, Opened)
            for number in range(1, opened.pages + 1):
                read = await _answer(process)
                assert isinstance(read, PageText)
                page = await self._page(read.lines, number, opened.pages)
                self.fraction = number / opened.pages
                self._count.add(page)
                while self._events:
                    yield self._events.pop()
                yield page
            if self._traits:
                await self._read(self._traits.rest())

    async def _page(self, read: Sequence[str], number: int, pages: int) -> Page:
        fusion = Fusion((Modality.TEXT,), self._fusion)
        lines = foreign = 0
        left = iter(read)
        while some := list(islice(left, LINES_AT_A_TIME)):
            readings = await asyncio.gather(*map(self._score, some))
            for line, reading in zip(some, readings, strict=True):
                foreign += Quality.UNSUPPORTED_LANGUAGE in reading.quality
                if reading.score is not None:
                    fusion.add(reading.score)
                    lines += 1
                    await self._read_line(line)
        state = fusion.state_at(0.0, 0.0)
        reason = Abstain.UNSUPPORTED_LANGUAGE if foreign and not lines else state.abstain
        return Page(
            analysis=self._subject.analysis,
            number=number,
            pages=pages,
            lines=lines,
            fused=fused_message(state),
            abstain=AbstainReason(reason) if reason else None,
        )

    async def _read_line(self, line: str) -> None:
        if self._traits:
            await self._read(self._traits.line(line))

    async def _read(self, chunks: Iterator[Sequence[Token]]) -> None:
        assert self._traits
        for chunk in chunks:
            try:
                await patiently(self._traits.read, chunk)
            except BatchFailedError:
                self._metrics.dropped("traits", "failed", 1)

    async def _score(self, line: str) -> TextReading:
        # A document has no clock: help lines are named once.
        event = self._watch.line(line, 0.0)
        if event:
            self._events.append(event)
        try:
            reading = await patiently(self._text.score, TextLine(0.0, line))
        except BatchFailedError:
            self._tally.dropped[Modality.TEXT] += 1
            self._metrics.dropped(Modality.TEXT, "failed", 1)
            return TextReading(None)
        self._tally.analysed[Modality.TEXT] += 1
        return reading


@asynccontextmanager
async def _reading(paper: Paper) -> AsyncIterator[Process]:
    """Run the process that reads ``paper``, and end it."""
    async with limited_process("esapr.server.analyses.extract", paper.form.name) as process:
        assert process.stdin is not None
        # A process that has ended says why by its status.
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(paper.data)
            await process.stdin.drain()
        process.stdin.close()
        yield process


async def _answer(process: Process) -> Opened | PageText:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PAGE_SECONDS):
            (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
            answer = _answers.decode(await process.stdout.readexactly(length))
    except asyncio.IncompleteReadError:
        if await process.wait() < 0:
            raise _too_large("reading it takes too much time or memory") from None
        raise ProtocolError(ErrorCode.DOCUMENT_INVALID, "the document is damaged") from None
    except TimeoutError:
        raise _too_large(f"a page takes longer than {PAGE_SECONDS:.0f} s to read") from None
    if isinstance(answer, Refused):
        raise ProtocolError(answer.code, answer.message)
    return answer


def _too_large(message: str) -> ProtocolError:
    return ProtocolError(ErrorCode.DOCUMENT_TOO_LARGE, message)
