"""The text side of one session: a line in, a score out."""

from dataclasses import dataclass

from tokenizers import Tokenizer

from esapr.inference.calibration import Calibration, calibrated
from esapr.inference.cards import Arrays
from esapr.inference.scoring import Scorer
from esapr.inference.signals import (
    Modality,
    ModalityScore,
    Quality,
    TextDetails,
    TextLine,
    TextSource,
)
from esapr.inference.text.clean import clean
from esapr.inference.text.expression import encode
from esapr.inference.text.language import LanguageCheck


@dataclass(frozen=True, slots=True)
class TextReading:
    """What a line shows: ``score`` is None where nothing in it can be scored.

    ``quality`` says so of a line in another language.
    """

    score: ModalityScore | None
    quality: tuple[Quality, ...] = ()


COVERAGE: dict[TextSource, float] = {"chat": 1.0, "caption": 0.9, "transcript": 0.8}
"""How much of a line is what was said: whoever types means it, captions are shortened, and in what
a machine transcribes about every tenth word is wrong. Assumed, not measured."""

_OUTPUTS: dict[TextSource, str] = {
    "chat": "logits",
    "caption": "spoken_logits",
    "transcript": "spoken_logits",
}
"""What is said shows other things than what is written (docs/decisions/0051)."""


class TextAnalyser:
    """Scores the lines of one session, each by itself: no line colours the next."""

    def __init__(
        self,
        expression: Scorer[Arrays, Arrays],
        tokenizer: Tokenizer,
        *,
        session: str,
        calibration: Calibration,
        languages: LanguageCheck | None,
    ) -> None:
        """Share ``expression``, ``tokenizer`` and ``languages`` with every session.

        ``calibration`` is the one on the model's card. Without ``languages`` every line is scored.
        """
        self._expression = expression
        self._tokenizer = tokenizer
        self._session = session
        self._calibration = calibration
        self._languages = languages

    async def score(self, line: TextLine) -> TextReading:
        """Return what ``line`` shows.

        Raises:
            NotRunError: the model's queue is full or the line went stale in it.
            BatchFailedError: the model failed on this line's batch.
        """
        arrays = encode(clean(line.body), self._tokenizer)
        if arrays is None:
            return TextReading(None)
        if self._languages and self._languages.foreign(line.body):
            return TextReading(None, (Quality.UNSUPPORTED_LANGUAGE,))
        scored = await self._expression.score(arrays, session=self._session)
        score = ModalityScore(
            modality=Modality.TEXT,
            start=line.at,
            end=line.at,
            probs=calibrated(scored.value[_OUTPUTS[line.source]], self._calibration),
            coverage=COVERAGE[line.source],
            details=TextDetails(lines=1, source=line.source),
            batch_size=scored.batch_size,
            queue_ms=scored.queue_ms,
            infer_ms=scored.infer_ms,
        )
        return TextReading(score)
