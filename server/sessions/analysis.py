"""Evidence of one session on its way to the fusion: three bounded inboxes, three loops."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import inf
from typing import TypeVar

import structlog
from msgspec import UnsetType

from esapr.inference.baseline import OwnNeutral, recalled
from esapr.inference.face.stillness import Stillness
from esapr.inference.fusion import Fusion, FusionConfig
from esapr.inference.scoring import BatchFailedError, NotRunError
from esapr.inference.signals import (
    Abstain,
    AudioWindow,
    EmotionState,
    Modality,
    ModalityScore,
    Quality,
    TextLine,
    VideoFrame,
)
from esapr.protocol.requests import Modality as ModalityName
from esapr.protocol.traits import Traits
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Analysers
from esapr.server.sessions.dictation import Listener
from esapr.server.sessions.inbox import Inbox
from esapr.server.sessions.level import SHARES, LevelControl, Thinning
from esapr.server.sessions.personality import read_line, traits_of
from esapr.server.sessions.snapshot import AnalysisMemory
from esapr.server.sessions.tally import Tally
from esapr.server.tracing import NOT_TRACED, SessionTrace

WAITING_FRAMES = 1
WAITING_WINDOWS = 2
WAITING_LINES = 16

FINISH_SECONDS = 2.0
"""How long a session that ends waits for what it has taken in."""

_FOREIGN = Quality.UNSUPPORTED_LANGUAGE

T = TypeVar("T", VideoFrame, AudioWindow, TextLine)

log = structlog.get_logger()


class Analysis:
    """Takes in frames, samples and lines; scores them and fuses the scores.

    Each loop has one item in flight; its inbox keeps the latest and counts what it displaces.
    """

    def __init__(
        self,
        analysers: Analysers,
        modalities: tuple[Modality, ...],
        fusion: FusionConfig,
        *,
        tally: Tally,
        metrics: Metrics,
        on_face: Callable[[float, ModalityScore | None], None],
        dictation: Listener | None = None,
        trace: SessionTrace = NOT_TRACED,
    ) -> None:
        """Fuse ``modalities``; ``on_face`` is told of every picture analysed."""
        self._analysers = analysers
        self.fusion = Fusion(modalities, fusion)
        self.neutral = OwnNeutral()
        self.muted: set[Modality] = set()
        """Modalities that are left out until they are taken in again."""
        self._outdated: set[Modality] = set()
        self.paused = False
        """Whether nothing is taken in until the client goes on."""
        self.control = LevelControl()
        """How much of what comes is analysed."""
        self._pictures, self._sounds = Thinning(), Thinning()
        self._voice_from = -inf
        self._tally = tally
        self.metrics = metrics
        self._on_face = on_face
        self._dictation = dictation
        self.trace = trace
        self._frames: Inbox[VideoFrame] = Inbox(WAITING_FRAMES)
        self._windows: Inbox[AudioWindow] = Inbox(WAITING_WINDOWS)
        self._lines: Inbox[TextLine] = Inbox(WAITING_LINES)
        self._inboxes: dict[Modality, Inbox[VideoFrame] | Inbox[AudioWindow] | Inbox[TextLine]] = {
            Modality.FACE: self._frames,
            Modality.VOICE: self._windows,
            Modality.TEXT: self._lines,
        }
        self._stillness = Stillness()
        self._quality: dict[Modality, tuple[Quality, ...]] = {}

    def mute(self, modality: Modality, muted: bool, now: float) -> None:
        """Leave a modality out, what is being scored included, or take it in again."""
        self.forget(modality)
        self._outdated.add(modality)
        for _ in range(self._inboxes[modality].clear()):
            self._ignore(modality, "muted")
        if modality is Modality.VOICE:
            self._voice_from = now
        self.fusion.mute(modality, muted)
        if muted:
            self.muted.add(modality)
        else:
            self.muted.discard(modality)

    def pause(self, paused: bool, now: float) -> None:
        """Take nothing in from ``now`` on, or go on; what came before is still scored."""
        for modality in Modality:
            self.forget(modality)
        self._voice_from = now
        self.paused = paused
        if not paused:
            self.fusion.resume(now)

    def memory(self, now: float) -> AnalysisMemory:
        """Return what is needed to go on elsewhere."""
        muted: list[ModalityName] = sorted(modality.value for modality in self.muted)
        blinks = self._analysers.face.blinks.memory()
        reader = self._analysers.traits
        traits = reader.sums.memory() if reader else None
        own = self.neutral.baseline.memory()
        return AnalysisMemory(muted, self.paused, self.fusion.memory(now), blinks, traits, own)

    def recall(self, memory: AnalysisMemory, now: float) -> None:
        """Go on at ``now`` from where another one stopped."""
        self.fusion.recall(memory.fusion)
        self.neutral.baseline = recalled(memory.baseline)
        self._analysers.face.blinks.recall(memory.blinks)
        if self._analysers.traits and memory.traits:
            self._analysers.traits.sums.recall(memory.traits)
        for name in memory.muted:
            self.mute(Modality(name), True, now)
        if memory.paused:
            self.pause(True, now)

    def state_at(self, start: float, end: float) -> EmotionState:
        """Return the state of ``[start, end)``; call with growing times."""
        if self.paused:
            return EmotionState(start, end, None, Abstain.PAUSED)
        state = self.fusion.state_at(start, end)
        foreign = _FOREIGN in self._quality.get(Modality.TEXT, ())
        if state.abstain is Abstain.INSUFFICIENT_TEXT and foreign:
            return replace(state, abstain=Abstain.UNSUPPORTED_LANGUAGE)
        return state

    def traits(self) -> Traits | UnsetType:
        """Return the traits of all lines so far, where somebody agreed to it."""
        return traits_of(self._analysers.traits)

    def put_frame(self, frame: VideoFrame) -> None:
        """Take in a picture."""
        if Modality.FACE in self.muted:
            return
        if self.paused:
            self._ignore(Modality.FACE, "paused")
        elif not self._pictures.picks(SHARES[self.control.level].pictures):
            self.metrics.dropped(Modality.FACE, "level", 1)
        elif self._frames.put(frame):
            self._drop(Modality.FACE, "displaced")

    def put_window(self, window: AudioWindow) -> None:
        """Take in a window of sound, unless some of it was heard while muted or paused."""
        if Modality.VOICE in self.muted:
            return
        if self.paused:
            self._ignore(Modality.VOICE, "paused")
        elif window.at - window.seconds < self._voice_from:
            return
        elif not self._sounds.picks(SHARES[self.control.level].windows):
            self.metrics.dropped(Modality.VOICE, "level", 1)
        elif self._windows.put(window):
            self._drop(Modality.VOICE, "displaced")

    def put_line(self, line: TextLine) -> bool:
        """Take in a line of text, or return False: a line that was taken in is never displaced."""
        if self._lines.full:
            return False
        self._lines.put(line)
        return True

    def forget(self, modality: Modality) -> None:
        """Forget what was noted about a modality whose track has ended."""
        self._quality.pop(modality, None)
        self._stillness = Stillness()

    def quality(self) -> set[Quality]:
        """Return what is wrong with the picture and the sound at present."""
        if self.paused:
            return set()
        return {flag for flags in self._quality.values() for flag in flags}

    async def run(self) -> None:
        """Score until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._loop(self._frames, Modality.FACE, self.score_frame))
            group.create_task(self._loop(self._windows, Modality.VOICE, self.score_window))
            group.create_task(self._loop(self._lines, Modality.TEXT, self.score_line))

    async def finish(self) -> None:
        """Wait until what was taken in is scored, for :data:`FINISH_SECONDS` at most."""
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                for inbox in self._inboxes.values():
                    await inbox.idle()
        except TimeoutError:
            for modality, inbox in self._inboxes.items():
                for _ in range(inbox.unfinished):
                    self._drop(modality, "unfinished")

    async def _loop(
        self, inbox: Inbox[T], modality: Modality, score: Callable[[T], Awaitable[None]]
    ) -> None:
        while True:
            item = await inbox.get()
            self._outdated.discard(modality)
            try:
                with self.trace.item(modality, item.at):
                    await score(item)
            except NotRunError as error:
                self._drop(modality, error.reason)
            except BatchFailedError as error:
                self._drop(modality, "failed")
                log.warning("batch_failed", modality=modality, error=str(error))
            else:
                self._tally.analysed[modality] += 1

    async def score_frame(self, frame: VideoFrame) -> None:
        """Score a picture at once; those of one session come one by one, in order.

        Raises:
            NotRunError: a model is overloaded; the same picture may be tried again.
            BatchFailedError: a model failed on it.
        """
        repeated = self._stillness.repeated(frame)
        if repeated is not None:
            self.metrics.unchanged.inc()
            self.fusion.add(self.neutral.take(repeated))
            return
        reading = await self._analysers.face.score(frame)
        self._stillness.analysed(frame, reading.score)
        self._note(Modality.FACE, frame.at, reading.score, reading.quality)
        if Modality.FACE not in self._outdated:
            self._on_face(frame.at, reading.score)

    async def score_window(self, window: AudioWindow) -> None:
        """Score a window of sound at once. Raises what :meth:`score_frame` does."""
        reading = await self._analysers.voice.score(window)
        if Modality.VOICE not in self._outdated:
            self._tally.speech_ms += reading.speech.recent_ms if reading.speech else 0
            if self._dictation:
                self._dictation.hear(window, reading.speech)
        self._note(Modality.VOICE, window.at, reading.score, reading.quality)

    async def score_line(self, line: TextLine) -> None:
        """Score a line of text at once. Raises what :meth:`score_frame` does."""
        reading = await self._analysers.text.score(line)
        self._note(Modality.TEXT, line.at, reading.score, reading.quality)
        if reading.score is not None and self._analysers.traits:
            await read_line(self._analysers.traits, line.body, self.metrics)

    def _note(
        self,
        modality: Modality,
        at: float,
        score: ModalityScore | None,
        quality: tuple[Quality, ...],
    ) -> None:
        if modality in self._outdated:
            return
        self._quality[modality] = quality
        if score is None:
            self.fusion.add_absence(modality, at)
        else:
            self.fusion.add(self.neutral.take(score))

    def _ignore(self, modality: Modality, reason: str) -> None:
        self._tally.ignore(modality)
        self.metrics.dropped(modality, reason, 1)

    def _drop(self, modality: Modality, reason: str) -> None:
        self._tally.dropped[modality] += 1
        self.metrics.dropped(modality, reason, 1)
