"""A recording, analysed in its own time by what analyses a live session."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeVar

import structlog

from esapr.inference.fusion import FusionConfig
from esapr.inference.scoring import BatchFailedError
from esapr.inference.signals import Modality
from esapr.protocol.analyses import AnalysisSummary
from esapr.protocol.errors import ProtocolError
from esapr.protocol.events import Event
from esapr.protocol.messages import State
from esapr.server.analyses.patience import patiently
from esapr.server.analyses.recording import Footage, Stretch
from esapr.server.analyses.spoken import Spoken
from esapr.server.analyses.subject import Subject
from esapr.server.analyses.summary import Count
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.sessions.analysis import Analysis
from esapr.server.sessions.states import Envelope, state_message
from esapr.server.sessions.tally import Tally
from esapr.server.support.watch import Watch
from esapr.server.transcription import Transcriber

Item = TypeVar("Item")

log = structlog.get_logger()


class Replay:
    """Makes the states of one recording; implements :class:`Work`.

    The clock is the recording's: pictures and windows are scored with their own times, and a state
    is made once all that came before its end has been scored. Nothing is dropped for want of time,
    so two runs give the same states. One picture and one window are in flight, as in a session, so
    that a recording takes no more places in a batch than a person who is live.
    """

    def __init__(
        self,
        footage: Footage,
        subject: Subject,
        pipeline: Pipeline,
        metrics: Metrics,
        *,
        fusion: FusionConfig,
        transcriber: Transcriber | None = None,
    ) -> None:
        """Read ``footage``, what is said too with a ``transcriber``; :meth:`found` begins."""
        self._footage = footage
        self._subject = subject
        self._tick = subject.tick_ms / 1000
        self._models = pipeline.versions
        self._metrics = metrics
        self._tally = Tally()
        self._count = Count()
        self._seconds = 0.0
        self._modalities = frozenset(Modality(name) for name in subject.modalities)
        self._spoken = Spoken(transcriber) if transcriber else None
        self._watch = Watch(subject.help_lines)
        self._analysis = Analysis(
            pipeline.analysers(subject.analysis),
            tuple(Modality(name) for name in subject.modalities),
            fusion,
            tally=self._tally,
            metrics=metrics,
            on_face=lambda *_: None,
            dictation=self._spoken,
        )

    @property
    def fraction(self) -> float:
        """How much of the recording was read."""
        return self._footage.fraction

    def summary(self) -> AnalysisSummary:
        """Return what the states so far amount to."""
        return self._count.summary(
            seconds=self._seconds,
            speech_ms=self._tally.speech_ms,
            damaged=self._footage.damaged,
            totals=self._tally.totals(),
        )

    async def found(self) -> AsyncGenerator[State | Event, None]:
        """Yield a state a tick; a last piece shorter than half a tick has none, unless it is all.

        A state that follows the first words of self-harm comes behind an event that names help
        lines.

        Raises:
            ProtocolError: ``media_invalid``, or ``recording_too_long``.
        """
        number = 0
        stretch = await self._read(0)
        while number == 0 or self._reaches(stretch, number):
            following = await self._score(stretch, number + 1)
            if self._spoken:
                async for line in self._spoken.lines(ended=stretch.end is not None):
                    await self._each(Modality.TEXT, self._analysis.score_line, (line,))
                    event = self._watch.line(line.body, line.at)
                    if event:
                        yield event
            yield self._state(number)
            stretch, number = following, number + 1
        self._seconds = stretch.end or 0.0

    def _reaches(self, stretch: Stretch, number: int) -> bool:
        """Return whether the recording reaches into the middle of a state at least."""
        return stretch.end is None or stretch.end >= (number + 0.5) * self._tick

    async def _read(self, number: int) -> Stretch:
        return await asyncio.to_thread(self._footage.until, (number + 1) * self._tick)

    async def _score(self, stretch: Stretch, following: int) -> Stretch:
        """Score a stretch while the following one is read, and return that."""
        frames = stretch.frames if Modality.FACE in self._modalities else ()
        windows = stretch.windows if Modality.VOICE in self._modalities else ()
        score = self._analysis
        try:
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(self._read(following))
                group.create_task(self._each(Modality.FACE, score.score_frame, frames))
                group.create_task(self._each(Modality.VOICE, score.score_window, windows))
        except* ProtocolError as refused:
            raise refused.exceptions[0] from None
        return reading.result()

    async def _each(
        self, modality: Modality, score: Callable[[Item], Awaitable[None]], items: Iterable[Item]
    ) -> None:
        for item in items:
            try:
                await patiently(score, item)
            except BatchFailedError as error:
                self._tally.dropped[modality] += 1
                self._metrics.dropped(modality, "failed", 1)
                log.warning("batch_failed", modality=modality, error=str(error))
            else:
                self._tally.analysed[modality] += 1

    def _state(self, number: int) -> State:
        state = self._analysis.state_at(number * self._tick, (number + 1) * self._tick)
        envelope = Envelope(
            session=self._subject.analysis,
            participant=self._subject.participant,
            seq=number,
            made=None,
            dropped=self._tally.drop_counts(),
            level="full",
            muted=[],
            models=self._models,
        )
        self._tally.state(fused=state.fused is not None)
        message = state_message(state, envelope)
        self._count.add(message)
        return message
