"""The voice side of one session: a window in, what it shows out."""

from dataclasses import dataclass

from esapr.inference.calibration import Calibration, calibrated
from esapr.inference.cards import Arrays
from esapr.inference.scoring import Scored, Scorer
from esapr.inference.signals import (
    AudioWindow,
    Modality,
    ModalityScore,
    Quality,
    VoiceDetails,
)
from esapr.inference.voice.activity import Speech, evidence
from esapr.inference.voice.quality import is_silent
from esapr.inference.voice.stages import Heard, Spoken, Window

ENOUGH_MS = 600
"""Less speech in a window than this is not scored: even one second misleads the model often."""

NEW_MS = 96
"""Less new speech than this in the last second, and the window repeats what was scored before."""


@dataclass(frozen=True, slots=True)
class VoiceReading:
    """What a window holds: ``score`` is None without enough new speech, or if that is spoiled."""

    score: ModalityScore | None
    quality: tuple[Quality, ...]
    speech: Speech | None = None


class VoiceAnalyser:
    """Scores the windows of one session.

    A silent window costs no inference, a window without speech only the small voice-activity
    model. Nothing is kept between windows, so one that is dropped leaves no trace.
    """

    def __init__(
        self,
        activity: Scorer[Window, Heard],
        expression: Scorer[Arrays, Arrays],
        *,
        session: str,
        calibration: Calibration,
    ) -> None:
        """Share both scorers with every session; ``calibration`` is the expression model's."""
        self._activity = activity
        self._expression = expression
        self._session = session
        self._calibration = calibration

    async def score(self, window: AudioWindow) -> VoiceReading:
        """Return what ``window``, three seconds long, shows.

        The score's interval is the window; its coverage is the share of it that is speech, less
        what is wrong with the sound.

        Raises:
            NotRunError: a model's queue is full or the window went stale in it.
            BatchFailedError: a model failed on this window's batch.
        """
        if is_silent(window.samples):
            return VoiceReading(None, (Quality.SILENT,))
        heard = await self._activity.score(window.samples, session=self._session)
        spoken, hints = heard.value.spoken, heard.value.quality
        if spoken is None:
            return VoiceReading(None, hints)
        speech, score = spoken.speech, None
        if spoken.worth and speech.milliseconds >= ENOUGH_MS and speech.recent_ms >= NEW_MS:
            inputs = {"samples": evidence(window.samples, speech)}
            scored = await self._expression.score(inputs, session=self._session)
            score = self._modality_score(window, spoken, heard, scored)
        return VoiceReading(score, hints, speech)

    def _modality_score(
        self, window: AudioWindow, spoken: Spoken, heard: Scored[Heard], scored: Scored[Arrays]
    ) -> ModalityScore:
        speech_ms = spoken.speech.milliseconds
        return ModalityScore(
            modality=Modality.VOICE,
            start=window.at - window.seconds,
            end=window.at,
            probs=calibrated(scored.value["logits"], self._calibration),
            coverage=spoken.worth * speech_ms / (window.seconds * 1000),
            details=VoiceDetails(speech_ms, spoken.loudness_db, spoken.prosody),
            quality=heard.value.quality,
            batch_size=scored.batch_size,
            queue_ms=heard.queue_ms + scored.queue_ms,
            infer_ms=heard.infer_ms + scored.infer_ms,
        )
