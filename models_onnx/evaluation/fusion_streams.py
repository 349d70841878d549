"""Streams of scores for the fusion, composed from a score bank: no joint corpus is at hand.

What a stream shows changes every five to twenty seconds. For each such span one face, one
utterance and one line of the class are drawn and held: a person's errors are alike from one second
to the next, and a fresh face for every picture would let an average undo them. Successive pictures
of a span differ by what a flip or a shift of that face changes.

Faces leave the picture, light gets poor; speech comes in turns; lines come now and then; rooms are
noisy; and in one span of ten, one modality shows another class than the others. Scores arrive
late, as they do in a session.

What this leaves out: the modalities of real people err together more often than draws that share
nothing but a label, expressions are mixed and weak, and changes take time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import CLASSES, Emotion
from esapr.inference.signals import (
    SAMPLE_RATE,
    Box,
    Details,
    FaceDetails,
    Modality,
    ModalityScore,
    Quality,
    TextDetails,
    VoiceDetails,
)
from esapr.inference.voice.activity import MOST
from esapr.models_onnx.evaluation.score_bank import FACE_VIEWS, GOOD_FACE_VIEWS, Bank, Scores

SPAN_SECONDS = (5.0, 20.0)
NEUTRAL_SHARE = 0.25
"""Faces at rest are the most frequent ones; the other six classes are alike."""
CONFLICT_SHARE = 0.1
NOISY_SHARE = 0.3

PICTURES_PER_SECOND = 5
WINDOW = 3.0
LONGEST = MOST / SAMPLE_RATE
"""Seconds of a window that are scored at most, up to the last speech in it."""
ENOUGH, NEW = 0.5, 0.096
"""Seconds of speech in a window, and in its last second, without which it is not scored."""

DELAY = {Modality.FACE: 0.06, Modality.VOICE: 0.12, Modality.TEXT: 0.08}
"""Seconds from the end of what is scored to its score."""
WINDOW_PHASE = 0.15
"""Seconds before the end of a state at which a window ends (server/media/audio.py)."""

_NOBODY = np.zeros((0, 2), np.float32)
_FACE = FaceDetails(Box(0.0, 0.0, 1.0, 1.0), _NOBODY, 0, 0.0)
_DETAILS: dict[Modality, Details] = {
    Modality.FACE: _FACE,
    Modality.VOICE: VoiceDetails(0, 0.0),
    Modality.TEXT: TextDetails(1),
}
_POOR = {"dark": Quality.DARK, "blurred": Quality.BLURRED, "far": Quality.SMALL}

Run = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A score, or None for a picture or window without evidence that ended at ``at``."""

    arrives: float
    modality: Modality
    at: float
    score: ModalityScore | None


@dataclass(frozen=True, slots=True)
class Span:
    """``[start, end)`` shows ``label``; ``rows`` of the bank are what is seen, heard and read."""

    start: float
    end: float
    label: Emotion
    rows: dict[Modality, int]


@dataclass(frozen=True, slots=True)
class Stream:
    """What is shown, and what of it arrives, in the order of its arrival."""

    spans: tuple[Span, ...]
    arrivals: tuple[Arrival, ...] = field(repr=False)

    @property
    def seconds(self) -> int:
        """Whole seconds that the stream lasts."""
        return int(self.spans[-1].end)

    def labels(self) -> NDArray[np.int64]:
        """Return the class in the middle of each second, ``[seconds]``."""
        ends = [span.end for span in self.spans]
        places = np.searchsorted(ends, np.arange(self.seconds) + 0.5, side="right")
        return np.array([self.spans[place].label for place in places], np.int64)

    def changes(self) -> list[tuple[float, float, Emotion]]:
        """Return when each change happens, when the next one does, and to which class."""
        return [(span.start, span.end, span.label) for span in self.spans[1:]]


def compose(bank: Bank, *, count: int, seconds: float, seed: int) -> list[Stream]:
    """Return ``count`` streams of ``seconds`` each; the same for the same ``seed``."""
    return [
        _Composer(bank, np.random.default_rng([seed, number])).stream(seconds)
        for number in range(count)
    ]


class _Composer:
    def __init__(self, bank: Bank, random: np.random.Generator) -> None:
        self._bank = bank
        self._random = random
        self._rows = {
            modality: [np.flatnonzero(scores.labels == each) for each in range(CLASSES)]
            for modality, scores in bank.items()
        }

    def stream(self, seconds: float) -> Stream:
        spans = tuple(self._spans(seconds))
        arrivals = [*self._pictures(spans), *self._windows(spans), *self._lines(spans)]
        arrivals.sort(key=lambda arrival: arrival.arrives)
        return Stream(spans, tuple(arrivals))

    def _spans(self, seconds: float) -> Iterator[Span]:
        start, label = 0.0, Emotion.NEUTRAL
        while start < seconds:
            end = min(start + self._random.uniform(*SPAN_SECONDS), seconds)
            yield Span(start, end, label, self._drawn(label))
            start, label = end, self._other(label)

    def _other(self, label: Emotion) -> Emotion:
        shares = np.full(CLASSES, (1 - NEUTRAL_SHARE) / (CLASSES - 1))
        shares[Emotion.NEUTRAL] = NEUTRAL_SHARE
        shares[label] = 0.0
        return Emotion(int(self._random.choice(CLASSES, p=shares / shares.sum())))

    def _drawn(self, label: Emotion) -> dict[Modality, int]:
        shown = dict.fromkeys(Modality, label)
        if self._random.random() < CONFLICT_SHARE:
            shown[list(Modality)[self._random.integers(len(Modality))]] = self._other(label)
        return {m: int(self._random.choice(self._rows[m][each])) for m, each in shown.items()}

    def _runs(self, seconds: float, on: Run, off: Run) -> list[Run]:
        """Return when something is there: runs of ``on`` seconds, with ``off`` seconds between."""
        runs, at = [], self._random.uniform(0.0, off[1])
        while at < seconds:
            length = self._random.uniform(*on)
            runs.append((at, min(at + length, seconds)))
            at += length + self._random.uniform(*off)
        return runs

    def _pictures(self, spans: tuple[Span, ...]) -> Iterator[Arrival]:
        """Yield five a second; faces are away for a while, and light is poor for a while."""
        faces, seconds = self._bank[Modality.FACE], spans[-1].end
        away = self._runs(seconds, (3.0, 15.0), (20.0, 80.0))
        poor = [
            (*run, int(self._random.integers(GOOD_FACE_VIEWS, len(FACE_VIEWS))))
            for run in self._runs(seconds, (5.0, 20.0), (10.0, 60.0))
        ]
        for span in spans:
            first, last = (int(np.ceil(t * PICTURES_PER_SECOND)) for t in (span.start, span.end))
            for number in range(first, last):
                at = number / PICTURES_PER_SECOND
                if _within(away, at):
                    yield Arrival(at + DELAY[Modality.FACE], Modality.FACE, at, None)
                    continue
                view = next((v for start, end, v in poor if start <= at < end), None)
                if view is None:
                    view = int(self._random.integers(GOOD_FACE_VIEWS))
                row = span.rows[Modality.FACE]
                coverage = float(faces.coverage[row, view])
                flags = (_POOR[FACE_VIEWS[view]],) if view >= GOOD_FACE_VIEWS else ()
                yield _arrival(
                    Modality.FACE, (at, at), faces.probs[row, view], coverage, quality=flags
                )

    def _windows(self, spans: tuple[Span, ...]) -> Iterator[Arrival]:
        """Yield one a second; of two utterances in a window, each counts by its seconds."""
        voices, seconds = self._bank[Modality.VOICE], spans[-1].end
        turns = self._runs(seconds, (2.0, 8.0), (1.0, 8.0))
        noisy = {span.start for span in spans if self._random.random() < NOISY_SHARE}
        for number in range(1, int(seconds) + 1):
            end = number - WINDOW_PHASE
            begin = max(end - WINDOW, _last(turns, end) - LONGEST)
            spoken = [
                (speech, span)
                for span in spans
                if (speech := _overlap(turns, max(begin, span.start), min(end, span.end)))
            ]
            total = sum(speech for speech, _ in spoken)
            if total < ENOUGH or _overlap(turns, end - 1.0, end) < NEW:
                yield Arrival(end + DELAY[Modality.VOICE], Modality.VOICE, end, None)
                continue
            probs = [
                speech / total * _utterance(voices, span, speech, noisy=span.start in noisy)
                for speech, span in spoken
            ]
            mixed = np.asarray(np.sum(probs, axis=0), np.float32)
            heard = _overlap(turns, end - WINDOW, end)
            yield _arrival(Modality.VOICE, (end - WINDOW, end), mixed, heard / WINDOW)

    def _lines(self, spans: tuple[Span, ...]) -> Iterator[Arrival]:
        """Yield a line now and then, none in some spans; it is written after the change."""
        texts = self._bank[Modality.TEXT]
        for span in spans:
            at = span.start + self._random.uniform(1.0, 3.0) + self._random.exponential(4.0)
            while at < span.end:
                yield _arrival(Modality.TEXT, (at, at), texts.probs[span.rows[Modality.TEXT], 0])
                at += 2.0 + self._random.exponential(8.0)


def _utterance(voices: Scores, span: Span, speech: float, *, noisy: bool) -> NDArray[np.float32]:
    view = 3 if noisy else int(np.searchsorted([1.25, 1.75], speech))
    return np.asarray(voices.probs[span.rows[Modality.VOICE], view], np.float32)


def _within(runs: list[Run], at: float) -> bool:
    return any(start <= at < end for start, end in runs)


def _overlap(runs: list[Run], start: float, end: float) -> float:
    return sum(max(0.0, min(end, to) - max(start, since)) for since, to in runs)


def _last(runs: list[Run], end: float) -> float:
    """Return when the last run that began before ``end`` ended; ``end`` if it goes on."""
    return max((min(to, end) for since, to in runs if since < end), default=0.0)


def _arrival(
    modality: Modality,
    interval: Run,
    probs: NDArray[np.float32],
    coverage: float = 1.0,
    quality: tuple[Quality, ...] = (),
) -> Arrival:
    start, end = interval
    score = ModalityScore(modality, start, end, probs, coverage, _DETAILS[modality], quality)
    return Arrival(end + DELAY[modality], modality, end, score)
