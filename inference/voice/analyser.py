"""The voice side of one session: a window in, what it shows out."""

from dataclasses import dataclass

from esapr.inference.calibration import calibrated
from esapr.inference.cards import Arrays
from esapr.inference.scoring import Scored, Scorer
from esapr.inference.signals import (
    AudioWindow,
    Modality,
    ModalityScore,
    Quality,
    VoiceDetails,
)
from esapr.inference.voice.activity import evidence, find_speech
from esapr.inference.voice.quality import loudness_db, quality

ENOUGH_MS = 500
"""Less speech in a window than this is not scored: even one second misleads the model often."""

NEW_MS = 96
"""Less new speech than this in the last second, and the window repeats what was scored before."""


@dataclass(frozen=True, slots=True)
class VoiceReading:
    """What a window holds: ``score`` is None without enough new speech.

    ``speech_ms`` is the speech in the window, ``recent_ms`` that of its last second,
    ``loudness_db`` the RMS level of the speech (of the whole window if there is none) in dB full
    scale.
    """

    score: ModalityScore | None
    quality: tuple[Quality, ...]
    speech_ms: int
    recent_ms: int
    loudness_db: float


class VoiceAnalyser:
    """Scores the windows of one session.

    A silent window costs no inference, a window without speech only the small voice-activity
    model. Nothing is kept between windows, so one that is dropped leaves no trace.
    """

    def __init__(
        self,
        activity: Scorer[Arrays, Arrays],
        expression: Scorer[Arrays, Arrays],
        *,
        session: str,
        temperature: float,
    ) -> None:
        """Share both scorers with every session; ``temperature`` is the expression model's."""
        self._activity = activity
        self._expression = expression
        self._session = session
        self._temperature = temperature

    async def score(self, window: AudioWindow) -> VoiceReading:
        """Return what ``window``, three seconds long, shows.

        The score's interval is the window; its coverage is the share of it that is speech.

        Raises:
            NotRunError: a model's queue is full or the window went stale in it.
            BatchFailedError: a model failed on this window's batch.
        """
        hints = quality(window.samples)
        if Quality.SILENT in hints:
            return VoiceReading(None, hints, 0, 0, loudness_db(window.samples))
        heard = await self._activity.score({"samples": window.samples}, session=self._session)
        speech = find_speech(heard.value["speech"])
        if speech is None:
            return VoiceReading(None, hints, 0, 0, loudness_db(window.samples))
        spoken = window.samples[speech.begin : speech.end]
        details = VoiceDetails(speech.milliseconds, loudness_db(spoken))
        score = None
        if speech.milliseconds >= ENOUGH_MS and speech.recent_ms >= NEW_MS:
            inputs = {"samples": evidence(window.samples, speech)}
            scored = await self._expression.score(inputs, session=self._session)
            score = self._modality_score(window, details, hints, (heard, scored))
        return VoiceReading(
            score, hints, speech.milliseconds, speech.recent_ms, details.loudness_db
        )

    def _modality_score(
        self,
        window: AudioWindow,
        details: VoiceDetails,
        hints: tuple[Quality, ...],
        runs: tuple[Scored[Arrays], Scored[Arrays]],
    ) -> ModalityScore:
        expression = runs[1]
        return ModalityScore(
            modality=Modality.VOICE,
            start=window.at - window.seconds,
            end=window.at,
            probs=calibrated(expression.value["logits"], self._temperature),
            coverage=details.speech_ms / (window.seconds * 1000),
            details=details,
            quality=hints,
            batch_size=expression.batch_size,
            queue_ms=sum(run.queue_ms for run in runs),
            infer_ms=sum(run.infer_ms for run in runs),
        )
