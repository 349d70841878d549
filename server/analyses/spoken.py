"""What is said in a recording, on its way to text."""

from collections.abc import AsyncIterator

from esapr.inference.signals import AudioWindow, TextLine
from esapr.inference.voice.activity import Speech
from esapr.inference.voice.utterances import Utterance, Utterances
from esapr.server.transcription import Transcriber


class Spoken:
    """Collects utterances, and has them written down when it is asked for lines.

    Implements :class:`esapr.server.sessions.dictation.Listener`. Unlike a live session a recording
    waits for its text: nothing is left out for want of time.
    """

    def __init__(self, transcriber: Transcriber) -> None:
        """Begin with silence."""
        self._transcriber = transcriber
        self._utterances = Utterances()
        self._said: list[Utterance] = []

    def hear(self, window: AudioWindow, speech: Speech | None) -> None:
        """Take in a window that was scored."""
        self._said += self._utterances.add(window, speech)

    async def lines(self, *, ended: bool) -> AsyncIterator[TextLine]:
        """Yield what was said since the last call, each line at the time of its last word.

        An utterance that is not over is left for a later call, unless the recording has ``ended``.
        """
        said, self._said = self._said, []
        for utterance in [*said, *(self._utterances.rest() if ended else [])]:
            text = await self._transcriber.written(utterance)
            if text:
                yield TextLine(utterance.at, text, "transcript")
